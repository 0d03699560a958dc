// A juror's open cases, the one that ends first first.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Schemas } from '../api/client'
import { useSession } from '../chain/session'
import { Fees } from '../jury/Fees'
import { queueQuery } from '../jury/queries'
import { Address, Money, When } from '../parts/chain'
import { Gate } from '../parts/SignIn'
import { Empty, Shown } from '../parts/states'
import { useTexts } from '../texts'

export default function Jury() {
  const { t } = useTexts()
  const { chain, address } = useSession()
  const jurors = chain.arbitration?.jurors
  return (
    <>
      <h1>{t('jury.title')}</h1>
      <p className="lead">{t('jury.lead')}</p>
      {jurors ? (
        <Gate>{address && (jurors.includes(address) ? <Cases juror={address} /> : <NotOne />)}</Gate>
      ) : (
        <Empty title={t('jury.no_panel')} />
      )}
    </>
  )
}

function NotOne() {
  const { t } = useTexts()
  return (
    <Empty title={t('jury.not_one')}>
      <p>{t('jury.not_one_hint')}</p>
    </Empty>
  )
}

function Cases({ juror }: { juror: string }) {
  const { t } = useTexts()
  return (
    <Shown query={useQuery(queueQuery(juror))}>
      {({ items, earned_units }) => (
        <>
          <Fees earned={earned_units} />
          {items.length === 0 ? (
            <Empty title={t('jury.none')}>
              <p>{t('jury.none_hint')}</p>
            </Empty>
          ) : (
            <ul className="list">
              {items.map((item) => (
                <Case key={item.dispute.dispute_id} item={item} />
              ))}
            </ul>
          )}
        </>
      )}
    </Shown>
  )
}

function Case({ item }: { item: Schemas['JurorCase'] }) {
  const { t } = useTexts()
  const { dispute, case: found } = item
  const until =
    found.phase === 'commit' ? found.commit_end : found.phase === 'reveal' ? found.reveal_end : found.ruling_end
  return (
    <li className="item">
      <div>
        <h2>
          <Link to="/jury/$disputeId" params={{ disputeId: dispute.dispute_id }}>
            {t('jury.contested', { count: dispute.count })}
          </Link>
        </h2>
        <p className="fine">
          <Address of={dispute.worker} /> · {t(`jury.phase.${found.phase}`)} · <When at={until} />
        </p>
      </div>
      <p className="pay">
        <Money units={dispute.fee_units} />
        <span className="fine">{t('jury.fee')}</span>
      </p>
    </li>
  )
}
