// A settlement that waits for signatures: what it decides, and this reviewer's signature.
import { useQuery } from '@tanstack/react-query'
import type { Call } from '../chain/calls'
import { Words } from '../parts/CallSteps'
import { Address } from '../parts/chain'
import { Shown } from '../parts/states'
import { Table } from '../parts/Table'
import { useTexts } from '../texts'
import { type Proposal, sign } from './actions'
import { proposalQuery } from './queries'

type Counts = { worker: string; accepted: number; rejected: number }

type Props = { proposalId: string; address: string; call: Call }

export function OpenProposal({ proposalId, address, call }: Props) {
  return (
    <Shown query={useQuery(proposalQuery(proposalId))}>
      {(found) => <One found={found} address={address} call={call} />}
    </Shown>
  )
}

function One({ found, address, call }: { found: Proposal; address: string; call: Call }) {
  const { t, number } = useTexts()
  const counts = found.verdicts as unknown as Counts[]
  const accepted = counts.reduce((sum, each) => sum + each.accepted, 0)
  const rejected = counts.reduce((sum, each) => sum + each.rejected, 0)
  const isSigned = found.signatures.some((signer) => signer.toLowerCase() === address.toLowerCase())
  return (
    <section className="card">
      <h2>{t('review.proposal')}</h2>
      <p>
        {t('review.signed', { have: found.signatures.length, need: found.threshold })} ·{' '}
        <a href={`/v1/payloads/${found.results_cid}`}>{t('review.results_file')}</a>
      </p>
      <Table label={t('review.proposal')} head={[t('review.worker'), t('review.accepted'), t('review.rejected')]}>
        {counts.map((each) => (
          <tr key={each.worker}>
            <td>
              <Address of={each.worker} />
            </td>
            <td>{number(each.accepted)}</td>
            <td>{number(each.rejected)}</td>
          </tr>
        ))}
      </Table>
      {found.status === 'queued' && <p role="status">{t('call.pending')}</p>}
      {found.status === 'open' && isSigned && <p className="notice">{t('review.you_signed')}</p>}
      {found.status === 'open' && !isSigned && (
        <>
          <button
            type="button"
            className="primary"
            disabled={call.busy}
            onClick={() => void call.run((wallet) => sign(wallet, found))}
          >
            {t('review.sign')}
          </button>
          <Words>{t('review.words', { accepted, rejected })}</Words>
        </>
      )}
    </section>
  )
}
