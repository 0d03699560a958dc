// Addresses of the app. Each page is a file of its own, loaded when it is opened.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { batchSearch } from '../audit/wanted'
import { Failed, Loading } from '../parts/states'
import { stepSearch } from '../requests/step'
import { Layout } from './Layout'
import { NotFound } from './NotFound'
import { patiently } from './patiently'

const root = createRootRoute({ component: Layout, notFoundComponent: NotFound })

const pages = [
  createRoute({
    getParentRoute: () => root,
    path: '/',
    component: lazyRouteComponent(() => patiently(() => import('../pages/Home'))),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/tasks/$batchId',
    component: lazyRouteComponent(() => patiently(() => import('../pages/Work'))),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/earnings',
    component: lazyRouteComponent(() => patiently(() => import('../pages/Earnings'))),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/rejections',
    component: lazyRouteComponent(() => patiently(() => import('../pages/Rejections'))),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/requests',
    component: lazyRouteComponent(() => patiently(() => import('../pages/Requests'))),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/requests/new',
    validateSearch: stepSearch,
    component: lazyRouteComponent(() => patiently(() => import('../pages/NewBatch'))),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/requests/lists',
    component: lazyRouteComponent(() => patiently(() => import('../pages/Lists'))),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/requests/lists/$listId',
    component: lazyRouteComponent(() => patiently(() => import('../pages/List'))),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/requests/$batchId',
    component: lazyRouteComponent(() => patiently(() => import('../pages/RequestedBatch'))),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/review/record',
    component: lazyRouteComponent(() => patiently(() => import('../pages/ReviewerRecord'))),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/revisions',
    component: lazyRouteComponent(() => patiently(() => import('../pages/Revisions'))),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/revisions/$revisionId',
    component: lazyRouteComponent(() => patiently(() => import('../pages/Revision'))),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/messages',
    component: lazyRouteComponent(() => patiently(() => import('../pages/Messages'))),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/messages/$batchId/$worker',
    component: lazyRouteComponent(() => patiently(() => import('../pages/Thread'))),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/review/$batchId',
    component: lazyRouteComponent(() => patiently(() => import('../pages/ReviewBatch'))),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/review',
    component: lazyRouteComponent(() => patiently(() => import('../pages/Review'))),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/wallet',
    component: lazyRouteComponent(() => patiently(() => import('../pages/WalletPage'))),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/audit',
    validateSearch: batchSearch,
    component: lazyRouteComponent(() => patiently(() => import('../pages/AuditList'))),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/audit/accounts/$address',
    component: lazyRouteComponent(() => patiently(() => import('../pages/AuditAccount'))),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/audit/$batchId',
    component: lazyRouteComponent(() => patiently(() => import('../pages/AuditBatch'))),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/jury',
    component: lazyRouteComponent(() => patiently(() => import('../pages/Jury'))),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/jury/$disputeId',
    component: lazyRouteComponent(() => patiently(() => import('../pages/JuryCase'))),
  }),
] as const

export const router = createRouter({
  routeTree: root.addChildren([...pages]),
  defaultPreload: 'intent',
  scrollRestoration: true,
  defaultPendingComponent: Loading,
  defaultErrorComponent: ({ error, reset }) => <Failed error={error} again={reset} />,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
