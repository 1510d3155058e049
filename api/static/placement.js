// Everything works without this file. It wires the components and refreshes lists that are being looked at.
import { initAll } from './govuk-frontend.js'

initAll()

const EVERY = 1000

/** A list is left alone while somebody works in it: has the focus there, or has ticked something. */
function isInUse (list) {
  return list.contains(document.activeElement) || list.querySelector('input:checked') !== null
}

let seconds = 0
setInterval(() => {
  const list = document.querySelector('[data-refresh]')
  if (!list || document.visibilityState !== 'visible') return
  seconds += 1
  if (seconds < Number(list.dataset.refresh) || isInUse(list)) return
  seconds = 0
  list.dispatchEvent(new Event('refresh'))
}, EVERY)
