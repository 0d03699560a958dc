// One thread: what was written, oldest first, and a field to answer in. All of it is text, whatever somebody wrote.
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api, data, type Schemas } from '../api/client'
import { useLive } from '../api/live'
import { When } from '../parts/chain'
import { Failed, Loading, Refused } from '../parts/states'
import { Field } from '../requests/Field'
import { useTexts } from '../texts'
import { messagesKey, threadQuery } from './queries'

type Message = Schemas['MessageView']
type Props = { batchId: string; worker: string; address: string }

export function Thread({ batchId, worker, address }: Props) {
  const { t } = useTexts()
  const query = useInfiniteQuery(threadQuery(address, batchId, worker))
  useLive('/v1/live/me', [messagesKey(address)])
  const items = query.data?.pages.flatMap((page) => page.items) ?? []
  const newest = items[0]?.position ?? 0
  const unread = query.data?.pages[0]?.unread ?? 0
  useReading(address, batchId, worker, unread > 0 ? newest : 0)
  const firstNew = useFirstNew(items, unread, address)
  if (!query.data)
    return query.isError ? <Failed error={query.error} again={() => void query.refetch()} /> : <Loading />
  return (
    <section className="card" aria-label={t('messages.thread')}>
      {items.length === 0 && <p className="fine">{t('messages.empty')}</p>}
      {query.hasNextPage && (
        <button
          type="button"
          className="small"
          disabled={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {t('messages.older')}
        </button>
      )}
      {query.isFetchNextPageError && <Failed error={query.error} />}
      <ol className="thread" aria-live="polite">
        {items.toReversed().map((message) => (
          <One key={message.position} message={message} address={address} isFirstNew={message.position === firstNew} />
        ))}
      </ol>
      <Writing batchId={batchId} worker={worker} address={address} />
    </section>
  )
}

function One({ message, address, isFirstNew }: { message: Message; address: string; isFirstNew: boolean }) {
  const { t } = useTexts()
  const isOwn = message.sender === address
  const who = isOwn ? 'messages.you' : message.sender === message.requester ? 'messages.requester' : 'messages.worker'
  return (
    <li className={isOwn ? 'own' : undefined}>
      {isFirstNew && <p className="from-here">{t('messages.from_here')}</p>}
      <p className="fine">
        {t(who)} · <When at={Math.floor(message.created_at)} />
      </p>
      <p className="said" dir="auto">
        {message.text}
      </p>
    </li>
  )
}

function Writing({ batchId, worker, address }: Props) {
  const { t } = useTexts()
  const client = useQueryClient()
  const [text, setText] = useState('')
  const sending = useMutation({
    mutationFn: () => {
      const body = { text: text.trim(), worker }
      return data(api.POST('/v1/batches/{batch_id}/messages', { params: { path: { batch_id: batchId } }, body }))
    },
    onSuccess: () => {
      setText('')
      return client.invalidateQueries({ queryKey: messagesKey(address) })
    },
  })
  const send = () => {
    if (text.trim() && !sending.isPending) sending.mutate()
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) send()
      }}
    >
      <Field
        label={t('messages.write')}
        hint={t('messages.hint')}
        rows={3}
        value={text}
        onChange={setText}
        most={4_000}
      />
      <button type="submit" className="primary" disabled={!text.trim() || sending.isPending}>
        {t('messages.send')}
      </button>
      <p className="visually-hidden" role="status">
        {sending.isSuccess && t('messages.sent')}
      </p>
      <Refused error={sending.error} />
    </form>
  )
}

/** Tells the gateway that a thread was read up to a message, while somebody looks at the page. */
function useReading(address: string, batchId: string, worker: string, position: number): void {
  const client = useQueryClient()
  useEffect(() => {
    if (position === 0) return
    const tell = () => {
      if (document.hidden) return
      document.removeEventListener('visibilitychange', tell)
      const params = { path: { batch_id: batchId } }
      void api.POST('/v1/batches/{batch_id}/messages/read', { params, body: { position, worker } }).then(
        () => client.invalidateQueries({ queryKey: messagesKey(address) }),
        () => undefined, // it stays unread, and is told again with the next one
      )
    }
    tell()
    if (document.hidden) document.addEventListener('visibilitychange', tell)
    return () => document.removeEventListener('visibilitychange', tell)
  }, [client, address, batchId, worker, position])
}

/** The first message that was new when the thread was opened: it stays marked after it counts as read. */
function useFirstNew(items: Message[], unread: number, address: string): number | null {
  const [found, setFound] = useState<number | null>(null)
  const others = items.filter(({ sender }) => sender !== address)
  const first = unread > 0 ? (others[Math.min(unread, others.length) - 1]?.position ?? null) : null
  useEffect(() => {
    if (first !== null) setFound((before) => before ?? first)
  }, [first])
  return found
}
