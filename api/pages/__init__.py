"""The web pages: server-rendered, complete without JavaScript, thin over the same code as the JSON API.

How it is laid out, for whoever adds a page:

- `mounting.py`    puts routers, static files and error pages on the application; add your router to `ROUTERS`.
- `routes.py`      `PageRouter`: a router whose errors are pages (a sign-in, a 404 page, "try again") instead of JSON.
- `sessions.py`    `Visitor`: who looks, as a dependency: `visitor` for everybody, `visitor_with(ROLES, "what")` for some,
                   `watcher` for what refreshes by itself and must not keep a session alive. `visitor.caller` is the same
                   `Caller` that the JSON API has, so every endpoint function of `api/` can be called from a page.
- `forms.py`       `posted_form`: a posted form after its CSRF check; every template's form begins with
                   `{{ csrf_field(visitor) }}` from `layout.html`.
- `rendering.py`   `render(request, template, visitor=…, step=…, **context)`: headers, navigation, words for due dates.
- `navigation.py`  the items of the header's navigation, each with the roles that see it; add yours there.
- `assets.py`      the few style sheets and scripts; those of npm packages are served as they come, by an allow-list.
- `answer_form.py`, `answer_fields.py`, `answer_reading.py`, `words.py`: a form made from an answer type's JSON Schema,
                   and a posted form read back into an answer. No page and no template knows a step.
- `drafts.py`      what was typed and not yet recorded, sealed, for its author alone.
- `due.py`         due instants in words, by the calendar of the procedure.
- `home.py`, `queue.py`, `task_moves.py`, `task_page.py`, `task_answer.py`, `task_search.py`, `commands_page.py`,
  `policy.py`, `sign_in.py`: the pages.
- `run_page.py` (the Friday run and its prints), `call_sheet.py` with `call_rows.py` (one call, many answers),
  `search_page.py`, `notices_page.py`, `matches_page.py`; under `/office`, with `office_menu.py`: `workload.py`,
  `absence_page.py`, `directory_page.py`, `calendar_page.py`, `stuck_page.py`. `page_numbers.py` pages a list.
- `case_frame.py`  what every page of a case has around it: the person in the bar, the tabs; `case_page.py`,
                   `case_clocks.py`, `case_documents.py`, `case_mail.py`, `case_changes.py`: a case's pages;
                   `change_people.py`: a person named in a change, searched and picked (`register_search.py`);
                   `case_viewings.py`: a viewing's calendar file and T-438; `again_page.py`: a form after its session;
                   `case_map.py`, `clock_calendar.py`, `assessment_view.py`: what they draw.
- `case_list.py` (the list of cases) and `exports_page.py` (a list as a file, by `api/exports.py`).
- `person_page.py`, `person_change.py`: a person across cases, and a change that Corrections must be told of.

Rules: a page reads through `models/queries` and `api/visibility.py`, acts through `api/answering.py` and the endpoint
functions of `api/`, and writes nothing else but what `activities/web.py` has names for. No name, birth date or
address of a person in a URL, a page title or a log. No inline script or style (the policy forbids it).
Templates: `layout.html` is the frame; `known/` shows one part of what is known (`api/known.py`) per file;
`forms/` shows fields; `parts/` is what htmx may fetch again by itself.
"""
