// Addresses of the app. Each page is a file of its own, loaded when it is opened.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { batchSearch } from '../audit/wanted'
import { Failed, Loading } from '../parts/states'
import { stepSearch } from '../requests/step'
import { Layout } from './Layout'
import { NotFound } from './NotFound'

const root = createRootRoute({ component: Layout, notFoundComponent: NotFound })

const pages = [
  createRoute({ getParentRoute: () => root, path: '/', component: lazyRouteComponent(() => import('../pages/Home')) }),
  createRoute({
    getParentRoute: () => root,
    path: '/tasks/$batchId',
    component: lazyRouteComponent(() => import('../pages/Work')),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/earnings',
    component: lazyRouteComponent(() => import('../pages/Earnings')),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/rejections',
    component: lazyRouteComponent(() => import('../pages/Rejections')),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/requests',
    component: lazyRouteComponent(() => import('../pages/Requests')),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/requests/new',
    validateSearch: stepSearch,
    component: lazyRouteComponent(() => import('../pages/NewBatch')),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/requests/$batchId',
    component: lazyRouteComponent(() => import('../pages/RequestedBatch')),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/review/$batchId',
    component: lazyRouteComponent(() => import('../pages/ReviewBatch')),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/review',
    component: lazyRouteComponent(() => import('../pages/Review')),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/wallet',
    component: lazyRouteComponent(() => import('../pages/WalletPage')),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/audit',
    validateSearch: batchSearch,
    component: lazyRouteComponent(() => import('../pages/AuditList')),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/audit/accounts/$address',
    component: lazyRouteComponent(() => import('../pages/AuditAccount')),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/audit/$batchId',
    component: lazyRouteComponent(() => import('../pages/AuditBatch')),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/jury',
    component: lazyRouteComponent(() => import('../pages/Jury')),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/jury/$disputeId',
    component: lazyRouteComponent(() => import('../pages/JuryCase')),
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
