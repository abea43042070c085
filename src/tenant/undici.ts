// The parts of undici that are in use. As a whole, with its mocks, caches and sockets, it would take a small run as long
// to load as everything else together; so this is loaded by whoever is about to send something, and by nobody else.

import api from 'undici/lib/api/index.js'
import Agent from 'undici/lib/dispatcher/agent.js'
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js'

// As undici's own index does.
Object.assign(Dispatcher.prototype, api)

export { Agent }
