// Workers who were chosen on a batch's page, to one of the requester's lists.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { Refused } from '../parts/states'
import { addMembers, listsKey, listsQuery } from '../pools/queries'
import { useTexts } from '../texts'
import { Choice } from './Field'

type Props = { owner: string; chosen: string[]; onAdded: () => void }

export function AddToList({ owner, chosen, onAdded }: Props) {
  const { t } = useTexts()
  const client = useQueryClient()
  const { data: lists } = useQuery(listsQuery(owner))
  const [wanted, setWanted] = useState('')
  // The best are wanted again far more often than kept out.
  const usual = lists?.find(({ kind }) => kind === 'pool') ?? lists?.[0]
  const list = wanted || usual?.list_id || ''
  const adding = useMutation({
    mutationFn: () => addMembers(list, chosen),
    onSuccess: () => {
      onAdded()
      return client.invalidateQueries({ queryKey: listsKey(owner) })
    },
  })
  if (!lists) return null
  if (lists.length === 0)
    return (
      <Link to="/requests/lists" className="button">
        {t('pools.first')}
      </Link>
    )
  return (
    <>
      <Choice
        label={t('pools.add_to')}
        value={list}
        onChange={setWanted}
        options={lists.map(({ list_id, name, kind }) => ({
          value: list_id,
          label: `${name} (${t(`pools.is.${kind}`)})`,
        }))}
      />
      <button type="button" disabled={chosen.length === 0 || adding.isPending} onClick={() => adding.mutate()}>
        {t('pools.add_chosen', { count: chosen.length })}
      </button>
      {adding.isSuccess && chosen.length === 0 && (
        <p className="notice good" role="status">
          {t('pools.added')}{' '}
          <Link to="/requests/lists/$listId" params={{ listId: adding.data.list_id }} dir="auto">
            {adding.data.name}
          </Link>
        </p>
      )}
      <Refused error={adding.error} />
    </>
  )
}
