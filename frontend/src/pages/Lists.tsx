// A requester's pools and block lists.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, data, type Schemas } from '../api/client'
import { useSession } from '../chain/session'
import { When } from '../parts/chain'
import { Gate } from '../parts/SignIn'
import { Empty, Refused, Shown } from '../parts/states'
import { listsKey, listsQuery } from '../pools/queries'
import { Field } from '../requests/Field'
import { useTexts } from '../texts'

const KINDS = ['pool', 'block'] as const

export default function Lists() {
  const { t } = useTexts()
  const { address } = useSession()
  return (
    <>
      <p className="eyebrow">
        <Link to="/requests">{t('requests.title')}</Link>
      </p>
      <h1>{t('pools.title')}</h1>
      <p className="lead">{t('pools.lead')}</p>
      <Gate>{address && <Own owner={address} />}</Gate>
    </>
  )
}

function Own({ owner }: { owner: string }) {
  const { t } = useTexts()
  return (
    <>
      <Shown query={useQuery(listsQuery(owner))}>
        {(lists) =>
          lists.length === 0 ? (
            <Empty title={t('pools.none')}>
              <p>{t('pools.none_hint')}</p>
            </Empty>
          ) : (
            <ul className="list">
              {lists.map((list) => (
                <Row key={list.list_id} list={list} />
              ))}
            </ul>
          )
        }
      </Shown>
      <Making owner={owner} />
    </>
  )
}

function Row({ list }: { list: Schemas['ListView'] }) {
  const { t } = useTexts()
  return (
    <li className="item">
      <div>
        <h2 className="row-title">
          <Link to="/requests/lists/$listId" params={{ listId: list.list_id }} dir="auto">
            {list.name}
          </Link>
          <span className={list.kind === 'pool' ? 'tag' : 'tag quiet'}>{t(`pools.is.${list.kind}`)}</span>
        </h2>
        <p className="fine">
          {t('pools.members', { count: list.members })} · <When at={Math.floor(list.created_at)} />
        </p>
      </div>
    </li>
  )
}

function Making({ owner }: { owner: string }) {
  const { t } = useTexts()
  const client = useQueryClient()
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const [kind, setKind] = useState<(typeof KINDS)[number]>('pool')
  const making = useMutation({
    mutationFn: () => data(api.POST('/v1/lists', { body: { name: name.trim(), kind } })),
    onSuccess: async ({ list_id }) => {
      await client.invalidateQueries({ queryKey: listsKey(owner) })
      await navigate({ to: '/requests/lists/$listId', params: { listId: list_id } })
    },
  })
  return (
    <form
      className="card"
      onSubmit={(event) => {
        event.preventDefault()
        if (name.trim()) making.mutate()
      }}
    >
      <h2>{t('pools.make')}</h2>
      <Field label={t('pools.name')} value={name} onChange={setName} most={100} />
      <fieldset className="policies">
        <legend>{t('pools.kind')}</legend>
        {KINDS.map((each) => (
          <label key={each} className="kind">
            <input type="radio" name="kind" checked={kind === each} onChange={() => setKind(each)} />
            <span>{t(`pools.kind.${each}`)}</span>
          </label>
        ))}
      </fieldset>
      <button type="submit" className="primary" disabled={!name.trim() || making.isPending}>
        {t('pools.create')}
      </button>
      <Refused error={making.error} />
    </form>
  )
}
