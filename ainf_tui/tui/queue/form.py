"""The form of a new run, and of a job that is tried again with other values. Loaded when it is opened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import replace
from typing import Any

from textual import events, getters, on
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Button, Checkbox, Input, TextArea

from ainf_tui.display.format import counted
from ainf_tui.domain.requests import RunRequest
from ainf_tui.errors import AinfError
from ainf_tui.tui.app import AinfApp
from ainf_tui.tui.asked import retry_line, run_line
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.bars import KeyHint
from ainf_tui.tui.frame.screen import FrameScreen
from ainf_tui.tui.lines import safe, wrap
from ainf_tui.tui.queue.form_fields import AREA, FLAG, Draft, Field, Made, field_of, fields_of, made_of
from ainf_tui.tui.widgets.painted import Bar

LABEL = 16
"""Cells of a field's label."""
_LINES = 2
"""Lines of the command that does the same."""


Drafts = MutableMapping[str, Any]
"""What is kept of forms that were left (`Shell.drafts`): the Draft of each by its `kept_as`."""


class FieldBox(Vertical):
    """Label and input of one field, and below them what is wrong with it."""

    def __init__(self, field: Field, text: str) -> None:
        super().__init__(classes=f"field -{field.kind}")
        self.field = field
        self.input = _input(field, text)
        self.label = Bar()
        self.wrong = Bar()
        self.wrong.add_class("wrong")

    def compose(self) -> Iterable[Widget]:
        with Horizontal():
            yield self.label
            yield self.input
        yield self.wrong

    @property
    def text(self) -> str:
        found = self.input
        if isinstance(found, TextArea):
            return found.text
        return ("true" if found.value else "false") if isinstance(found, Checkbox) else found.value

    def show(self, wrong: str, text: str) -> None:
        """`wrong` is told; the label says where the value is the preset's."""
        own = self.field.preset and text == self.field.start
        self.label.show(((safe(self.field.label, LABEL - 1), "strong" if not own else "accent"),))
        if isinstance(self.input, Checkbox):
            self.input.label = Content("yes" if self.input.value else "no")
        self.wrong.show(((" " * LABEL + safe(wrong, 400), "error"),))
        self.set_class(bool(wrong), "-wrong")


def _input(field: Field, text: str) -> Input | TextArea | Checkbox:
    name = f"field-{field.name}" if field.name.isidentifier() else None
    if field.kind == AREA:
        area = TextArea(text, id=name, compact=True, tab_behavior="focus", soft_wrap=True)
        # Its second key for redo; here it copies the command, as everywhere in the form.
        area._bindings.key_to_bindings.pop("ctrl+y", None)  # noqa: SLF001 - Textual has no other way to unbind
        return area
    if field.kind == FLAG:
        return Checkbox(Content(""), value=text == "true", id=name, compact=True)
    suggest = SuggestFromList(field.offers, case_sensitive=False) if field.offers else None
    return Input(text, id=name, compact=True, suggester=suggest, select_on_focus=False)


class FormScreen(FrameScreen):
    """Submits the draft by `orders`; what is typed is in `drafts` at any moment."""

    app = getters.app(AinfApp)
    areas = ("form",)

    def __init__(self, draft: Draft, drafts: Drafts) -> None:
        super().__init__()
        self.draft = draft
        self.drafts = drafts
        self.boxes = [FieldBox(field, draft.texts.get(field.name, field.start)) for field in fields_of(draft)]
        self.title_bar = Bar(id="form-title")
        self.help_bar = Bar(id="form-help")
        self.summary = Bar(id="form-summary")
        self.line_bar = Bar(id="form-line")
        self.made: Made = made_of(draft)
        self._refused: dict[str, str] = {}
        """What the engine said of fields; until they are typed in again."""
        self._touched: set[str] = set(draft.texts)

    def body(self) -> Iterable[Widget]:
        with Vertical(id="body"):
            yield self.title_bar
            with VerticalScroll(id="form", can_focus=False):
                yield from self.boxes
            yield self.help_bar
            with Horizontal(id="form-foot"):
                yield self.summary
                yield Button(Content("Queue"), id="form-submit", compact=True)
            yield self.line_bar

    def on_mount(self) -> None:
        self.boxes[0].input.focus()
        self.call_after_refresh(self.look)

    def on_resize(self) -> None:
        self.call_after_refresh(self.look)

    # -- what is typed ------------------------------------------------------------------------
    def texts(self) -> Mapping[str, str]:
        return {box.field.name: box.text for box in self.boxes}

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(Checkbox.Changed)
    def _typed(self, event: events.Event) -> None:
        event.stop()
        texts = self.texts()
        for name, text in texts.items():
            if text != self.draft.texts.get(name, self._start(name)):
                self._touched.add(name)
                self._refused.pop(name, None)
                self._refused.pop("", None)
        self.draft = replace(self.draft, texts=texts)
        self._keep(self.draft if self.draft.typed else None)
        self.look()

    def _keep(self, draft: Draft | None) -> None:
        self.drafts[self.draft.kept_as] = draft

    def _start(self, name: str) -> str:
        return next(box.field.start for box in self.boxes if box.field.name == name)

    def look(self) -> None:
        """Shows the draft as it is: what is wrong, what it comes to, the command that does the same."""
        self.made = made_of(self.draft)
        texts = self.texts()
        for box in self.boxes:
            name = box.field.name
            wrong = self._refused.get(name) or (
                self.made.wrong.get(name, "") if name in self._touched else ""
            )
            box.show(wrong, texts[name])
        self.title_bar.show(((self._title(), "title"),))
        refused = self._refused.get("", "")
        summary = ((safe(refused, 300), "error"),) if refused else ((self._summary(), ""),)
        self.summary.show(summary)
        self._show_help()
        lines = wrap(safe(self.line(), 4000), max(1, self.line_bar.size.width - 1), 2)
        self.line_bar.show(*(((part, "muted"),) for part in lines[:_LINES]))

    def _title(self) -> str:
        draft = self.draft
        if draft.again is not None:
            return f"TRY #{draft.again.number} AGAIN   {safe(draft.pack.id, 60)}"
        preset = (
            f"   {safe(draft.preset.id, 40)}, a preset of {safe(draft.pack.id, 40)}" if draft.preset else ""
        )
        return f"NEW RUN{preset or f'   {safe(draft.pack.id, 60)}'}"

    def _summary(self) -> str:
        count = len(self.made.wrong)
        return f"{self.made.summary}   {counted(count, 'field')} to look at" if count else self.made.summary

    def _show_help(self) -> None:
        box = self._focused_box()
        preset = "  From the preset." if box is not None and box.field.preset else ""
        self.help_bar.show((((safe(box.field.help, 400) + preset) if box is not None else "", "muted"),))

    def _focused_box(self) -> FieldBox | None:
        return next((box for box in self.boxes if box.input is self.focused), None)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        del event
        self._show_help()

    def line(self) -> str:
        """The command that does the same; empty while a field is wrong."""
        request = self.made.request
        if request is None:
            return ""
        return run_line(request) if isinstance(request, RunRequest) else retry_line(request)

    # -- keys ---------------------------------------------------------------------------------
    @on(Input.Submitted)
    def _next(self, event: Input.Submitted) -> None:
        event.stop()
        self.focus_next()

    @on(Button.Pressed, "#form-submit")
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_submit()

    def action_copy(self) -> None:
        self.app.copy_text(self.line())

    def action_submit(self) -> None:
        self._touched = {box.field.name for box in self.boxes}
        self.look()
        wrong = next((box for box in self.boxes if box.field.name in self.made.wrong), None)
        if wrong is not None:
            wrong.input.focus()
        else:
            in_background(self, self._submit(), group="form.submit", exclusive=True)

    async def _submit(self) -> None:
        request = self.made.request
        if request is None:
            return
        if isinstance(request, RunRequest) and self.made.many:
            more = ["They are stored at once and run one after the other."]
            if not await self.app.confirm(f"Queue {self.made.jobs:,} jobs?", more, "Queue them"):
                return
            request = replace(request, allow_many=True)
        try:
            orders = self.app.orders
            made = await (orders.run(request) if isinstance(request, RunRequest) else orders.retry(request))
        except AinfError as error:
            self._refuse(error)
            return
        self._keep(None)
        for message, hint in dict.fromkeys((n.message, n.hint) for n in made.notices):
            self.app.tell(message, hint, severity="warning")
        numbers = [job.number for job in made.jobs]
        if numbers:
            last = f" to #{max(numbers)}" if len(numbers) > 1 else ""
            self.app.tell(f"Queued #{min(numbers)}{last}.")
        self.dismiss()

    def _refuse(self, error: AinfError) -> None:
        """The engine's word stands at the field it is about; nothing that was typed is lost."""
        told = f"{error.message}. {error.hint}" if error.hint else error.message
        name = field_of(error, [box.field.name for box in self.boxes])
        self._refused = {name: told}
        self.look()
        box = next((box for box in self.boxes if box.field.name == name), None)
        if box is not None:
            box.input.focus()

    def hints(self) -> list[KeyHint]:
        return [*super().hints(), KeyHint("tab", "next"), KeyHint("esc", "leave, kept")]
