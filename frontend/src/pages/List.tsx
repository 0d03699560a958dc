// One list: who is on it, more people for it, and a new batch for a pool.
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { api, type Schemas } from '../api/client'
import { useSession } from '../chain/session'
import { Address } from '../parts/chain'
import { Pages } from '../parts/Pages'
import { Gate } from '../parts/SignIn'
import { Empty, Refused, Shown } from '../parts/states'
import { Table } from '../parts/Table'
import { addressesIn } from '../pools/addresses'
import { addMembers, dropMembers, listsKey, listsQuery, membersQuery } from '../pools/queries'
import { Field } from '../requests/Field'
import { beginFor, forgetPool } from '../requests/plan'
import { useTexts } from '../texts'

type List = Schemas['ListView']

export default function ListPage() {
  const { t } = useTexts()
  const { address } = useSession()
  return (
    <>
      <p className="eyebrow">
        <Link to="/requests/lists">{t('pools.title')}</Link>
      </p>
      <Gate>{address && <One owner={address} />}</Gate>
    </>
  )
}

function One({ owner }: { owner: string }) {
  const { t } = useTexts()
  const { listId } = useParams({ from: '/requests/lists/$listId' })
  return (
    <Shown query={useQuery(listsQuery(owner))}>
      {(lists) => {
        const list = lists.find((each) => each.list_id === listId)
        return list ? <Told key={listId} list={list} owner={owner} /> : <Empty title={t('pools.unknown')} />
      }}
    </Shown>
  )
}

function Told({ list, owner }: { list: List; owner: string }) {
  const { t } = useTexts()
  const navigate = useNavigate()
  const begin = () => {
    beginFor(list.list_id)
    void navigate({ to: '/requests/new', search: { step: 1 } })
  }
  return (
    <>
      <div className="row spread start">
        <h1 dir="auto">{list.name}</h1>
        <span className={list.kind === 'pool' ? 'tag' : 'tag quiet'}>{t(`pools.is.${list.kind}`)}</span>
      </div>
      {list.kind === 'pool' && list.members > 0 && (
        <p>
          <button type="button" className="primary" onClick={begin}>
            {t('pools.new_batch')}
          </button>
        </p>
      )}
      <Members list={list} owner={owner} />
      <Adding list={list} owner={owner} />
      <Deleting list={list} owner={owner} />
    </>
  )
}

function Members({ list, owner }: { list: List; owner: string }) {
  const { t } = useTexts()
  const client = useQueryClient()
  const dropping = useMutation({
    mutationFn: (worker: string) => dropMembers(list.list_id, [worker]),
    onSuccess: () => client.invalidateQueries({ queryKey: listsKey(owner) }),
  })
  return (
    <section>
      <h2>{t('pools.members', { count: list.members })}</h2>
      <Pages query={useInfiniteQuery(membersQuery(owner, list.list_id))}>
        {(items) =>
          items.length === 0 ? (
            <p className="fine">{t('pools.nobody')}</p>
          ) : (
            <Table label={list.name} head={[t('review.worker'), t('pools.remove')]}>
              {items.map((worker) => (
                <tr key={worker}>
                  <td>
                    <Link to="/audit/accounts/$address" params={{ address: worker }}>
                      <Address of={worker} />
                    </Link>
                  </td>
                  <td>
                    <button
                      type="button"
                      className="small"
                      aria-label={t('pools.remove_one', { address: worker })}
                      disabled={dropping.isPending}
                      onClick={() => dropping.mutate(worker)}
                    >
                      {t('pools.remove')}
                    </button>
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Pages>
      <Refused error={dropping.error} />
    </section>
  )
}

function Adding({ list, owner }: { list: List; owner: string }) {
  const { t } = useTexts()
  const client = useQueryClient()
  const [text, setText] = useState('')
  const found = addressesIn(text)
  const adding = useMutation({
    mutationFn: (workers: string[]) => addMembers(list.list_id, workers),
    onSuccess: () => {
      setText('')
      return client.invalidateQueries({ queryKey: listsKey(owner) })
    },
  })
  const isWrong = typeof found === 'number'
  return (
    <form
      className="card"
      onSubmit={(event) => {
        event.preventDefault()
        if (!isWrong && found.length > 0) adding.mutate(found)
      }}
    >
      <h2>{t('pools.add')}</h2>
      <Field
        label={t('pools.addresses')}
        hint={isWrong ? t('pools.addresses_wrong', { line: found }) : undefined}
        isWrong={isWrong}
        rows={3}
        value={text}
        onChange={setText}
      />
      <button type="submit" disabled={isWrong || found.length === 0 || adding.isPending}>
        {t('pools.put')}
      </button>
      <Refused error={adding.error} />
    </form>
  )
}

function Deleting({ list, owner }: { list: List; owner: string }) {
  const { t } = useTexts()
  const client = useQueryClient()
  const navigate = useNavigate()
  const deleting = useMutation({
    mutationFn: () => api.DELETE('/v1/lists/{list_id}', { params: { path: { list_id: list.list_id } } }),
    onSuccess: async () => {
      forgetPool(list.list_id)
      await navigate({ to: '/requests/lists' })
      await client.invalidateQueries({ queryKey: listsKey(owner) })
    },
  })
  return (
    <details className="ending">
      <summary>{t('pools.delete')}</summary>
      {list.kind === 'pool' && <p>{t('pools.delete_means')}</p>}
      <button type="button" disabled={deleting.isPending} onClick={() => deleting.mutate()}>
        {t('pools.delete')}
      </button>
      <Refused error={deleting.error} />
    </details>
  )
}
