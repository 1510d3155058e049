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

// Enter in a part of a form with a button of its own presses that button.
document.addEventListener('keydown', event => {
  const part = event.key === 'Enter' && event.target.matches('input') ? event.target.closest('[data-enter]') : null
  const button = part?.querySelector('button')
  if (!button || event.target.type === 'file') return
  event.preventDefault()
  button.click()
})

// What is typed is kept where its form says, whichever button was pressed last.
document.addEventListener('htmx:configRequest', event => {
  const path = event.target.getAttribute('hx-post')
  if (path) event.detail.path = path
})
