// Before the page is drawn: says that scripts run, so that parts which need them may show themselves.
document.body.className += ' js-enabled' + ('noModule' in HTMLScriptElement.prototype ? ' govuk-frontend-supported' : '')
