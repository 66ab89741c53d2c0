"""Bugs that would make an apply lie or do harm, each as a change to the text of one module, with the tests that must notice."""

from __future__ import annotations

import msgspec

_FOLDER = "tests/unit/test_apply_folder.py"
_RUN = "tests/unit/test_apply_run.py"
_RECOVERY = "tests/unit/test_apply_recovery.py"
_ACCESS = "tests/unit/test_access.py"
_RETRIES = "tests/mischief/test_retries.py"
_CASES = "tests/cases/test_every_case.py"


class Bug(msgspec.Struct, frozen=True):
    """`text` stands once in the module, and the bug has `instead` in its place. `killers`: tests of which one must fail."""

    module: str
    text: str
    instead: str
    killers: tuple[str, ...]

    def planted_in(self, source: str) -> str:
        """Raises ValueError where the text is not there, or more than once: then the bug is none any more."""
        if source.count(self.text) != 1:
            raise ValueError(
                f"{self.module} holds this {source.count(self.text)} times, not once:\n{self.text}"
            )
        return source.replace(self.text, self.instead)


BUGS = {
    "journal-after-the-write": Bug(
        "vhdsfix.apply.folder",
        """\
        try:
            self._journal.intend(action, before.texts)
        except JournalError as error:
            return _Attempt(Untouched(f"not tried: {error}"))
        outcome, after, heard = self._write(action, writer, before)
""",
        """\
        outcome, after, heard = self._write(action, writer, before)
        try:
            self._journal.intend(action, before.texts)
        except JournalError as error:
            return _Attempt(Untouched(f"not tried: {error}"))
""",
        (_FOLDER,),
    ),
    "no-drift-check": Bug(
        "vhdsfix.apply.proof",
        "if drift := drift_since(planned, goals, now, above):",
        "if drift := None:",
        (_FOLDER,),
    ),
    "no-already-right-check": Bug(
        "vhdsfix.apply.proof", "if lack(goal, now) is None:\n        return AlreadyRight()", "", (_FOLDER,)
    ),
    "files-not-read-back": Bug(
        "vhdsfix.apply.proof",
        "files = {name: file for name, file in now.files.items() if name in change.before.files}",
        "files: dict = {}",
        (_FOLDER,),
    ),
    "foreign-changes-not-noticed": Bug(
        "vhdsfix.apply.proof",
        "if other := _changed_besides(change.before, now, (change.goal.vm_id.sid,)):",
        "if other := None:",
        (_FOLDER,),
    ),
    "foreign-changes-to-files-not-noticed": Bug(
        "vhdsfix.apply.proof",
        "for name in sorted(before.files.keys() & now.files.keys()):",
        "for name in ():",
        (_FOLDER,),
    ),
    "a-lost-write-called-untouched": Bug(
        "vhdsfix.apply.proof",
        "    if isinstance(outcome, Untouched):\n        return Stuck(",
        "    if False:\n        return Stuck(",
        (_FOLDER,),
    ),
    "an-exit-code-believed": Bug(
        "vhdsfix.apply.folder",
        "        if answer.exit_code:\n",
        "        if answer.exit_code == 0:\n            return _Written(proof.Done(), before)\n        if answer.exit_code:\n",
        (_FOLDER,),
    ),
    "one-reading-after-a-lost-answer": Bug(
        "vhdsfix.apply.folder",
        "if isinstance(now, Dacls) and isinstance(last, Dacls) and now.texts == last.texts:",
        "if isinstance(now, Dacls):",
        (_FOLDER,),
    ),
    "a-refused-second-node-clears-the-first": Bug(
        "vhdsfix.apply.folder",
        "return attempt if may_still_land else second",
        "return second",
        (_FOLDER,),
    ),
    "a-runs-own-late-write-called-somebody-elses": Bug(
        "vhdsfix.apply.folder",
        "        if sent_from and isinstance(needless, AlreadyRight):\n",
        "        if False:\n",
        (_FOLDER,),
    ),
    "what-a-run-half-wrote-taken-for-what-was-before": Bug(
        "vhdsfix.apply.folder",
        "        before = sent_from or now\n",
        "        before = now\n",
        (_FOLDER,),
    ),
    "a-stuck-folder-goes-on": Bug(
        "vhdsfix.apply.folder",
        "        if self._stuck:\n",
        "        if False:\n",
        (_FOLDER,),
    ),
    "a-vm-that-moved-not-looked-for": Bug(
        "vhdsfix.apply.folder",
        "return self._once_more(action, writer, attempt) if attempt.may_be_elsewhere else attempt",
        "return attempt",
        (_FOLDER,),
    ),
    "a-listing-without-an-attached-disk-believed": Bug(
        "vhdsfix.apply.dacls",
        "    if unlisted:\n",
        "    if False:\n",
        (_FOLDER,),
    ),
    "order-of-entries-ignored": Bug(
        "vhdsfix.apply.compare",
        "return None if was == is_now else",
        "return None if set(was) == set(is_now) else",
        ("tests/unit/test_compare.py",),
    ),
    "inheritance-switch-ignored": Bug(
        "vhdsfix.apply.compare",
        "if before.is_protected != now.is_protected:",
        "if False:",
        (_FOLDER,),
    ),
    "held-back-done-all-the-same": Bug(
        "vhdsfix.apply.run",
        "held_back.get(action.id) or _next(folder, action, stop, steps)",
        "_next(folder, action, stop, steps)",
        ("tests/end_to_end/test_saved_plans.py::test_a_vm_that_no_longer_uses_the_folder_gets_no_grant",),
    ),
    "a-saved-undo-not-held-against-its-journal": Bug(
        "vhdsfix.commands.undo",
        "        if (action.id, action.rights) not in called_for:\n",
        "        if False:\n",
        ("tests/end_to_end/test_saved_undo.py::test_a_plan_that_its_run_does_not_call_for_is_refused",),
    ),
    "an-undo-by-one-person": Bug(
        "vhdsfix.commands.safeguards",
        "    if request.target.settings.require_approval and request.approved_digest is None:\n",
        "    if isinstance(request, ApplyRequest) and request.target.settings.require_approval and request.approved_digest is None:\n",
        ("tests/end_to_end/test_saved_undo.py",),
    ),
    "stop-ignored": Bug("vhdsfix.apply.run", "    if stop():\n", "    if False:\n", (_RUN,)),
    "a-dead-runs-intent-called-untouched-at-once": Bug(
        "vhdsfix.apply.recovery", "if at - intent.at < MAY_STILL_LAND:", "if False:", (_RECOVERY,)
    ),
    "deny-ignored": Bug(
        "vhdsfix.access.rights",
        "            denied |= file_rights(ace.mask)",
        "            denied |= 0",
        (_ACCESS,),
    ),
    "inherit-only-counted": Bug(
        "vhdsfix.access.rights",
        """\
        if ace.sid not in denying or ace.is_inherit_only or not ace.is_plain:
            continue
        if ace.is_allow and ace.sid in allowing:
            granted |= file_rights(ace.mask) & ~denied
""",
        """\
        if ace.sid not in denying or not ace.is_plain:
            continue
        if ace.is_allow and ace.sid in allowing:
            granted |= file_rights(ace.mask) & ~denied
""",
        (_ACCESS,),
    ),
    "a-group-counts-as-the-vm": Bug(
        "vhdsfix.access.judging",
        "return _Token(own=frozenset({own}), all=",
        "return _Token(own=frozenset({own, *_GROUPS}), all=",
        (_ACCESS, _CASES),
    ),
    "protected-files-take-what-is-passed-on": Bug(
        "vhdsfix.access.inheritance",
        "if file.dacl is None or file.is_protected or folder.dacl is None",
        "if file.dacl is None or folder.dacl is None",
        (_ACCESS,),
    ),
    "losses-not-foreseen": Bug(
        "vhdsfix.access.inheritance",
        "    if not lost:\n",
        "    if True:\n",
        (_FOLDER, _ACCESS),
    ),
    "a-mark-forgotten": Bug(
        "vhdsfix.remote.batch",
        "return found if start == len(output) and not any(item in marks for item in inside) else None",
        "return found",
        ("tests/unit/test_batch.py",),
    ),
    "a-batch-that-failed-counts": Bug(
        "vhdsfix.remote.batch",
        "if outputs is None or not messages.completed:",
        "if outputs is None:",
        ("tests/unit/test_batch.py",),
    ),
    "null-taken-as-absent": Bug(
        "vhdsfix.remote.rows",
        """        return (msgspec.json.decode(text, type=row),)
    except""",
        """        return (msgspec.json.decode(text, type=row),)
    except msgspec.ValidationError:
        return ()
    except""",
        ("tests/unit/test_batch.py", "tests/unit/test_questions.py"),
    ),
    "a-shortened-answer-believed": Bug(
        "vhdsfix.remote.batch",
        "    if errors:\n        if not output",
        "    if errors and not output:\n        if not output",
        ("tests/unit/test_batch.py",),
    ),
    "a-change-sent-again": Bug(
        "vhdsfix.remote.session",
        "messages = self._changed(doing, statements) if writes else",
        "messages = self._retrying()(self._changed, doing, statements) if writes else",
        (f"{_RETRIES}::test_a_change_is_sent_once",),
    ),
    "a-refused-logon-repeated": Bug(
        "vhdsfix.remote.session",
        "        return not is_refused_logon(error.__cause__)\n",
        "        return True\n",
        (f"{_RETRIES}::test_an_account_that_is_refused_is_not_tried_again",),
    ),
    "a-change-cut-off-by-the-runs-time": Bug(
        "vhdsfix.commands.guarded",
        "        if self._written.isdisjoint(path.key for path in paths):\n",
        "        if True:\n",
        ("tests/mischief/test_deadlines.py",),
    ),
    "refused-folders-granted": Bug(
        "vhdsfix.planner",
        "if _is_mended(access) and access.folder.key not in obstructed",
        "if _is_mended(access)",
        (_CASES,),
    ),
    "a-grant-that-cannot-be-judged-planned": Bug(
        "vhdsfix.planner",
        "        and after.kind is not VerdictKind.UNKNOWN\n",
        "",
        (_CASES, "tests/laws/test_plan_laws.py"),
    ),
    "a-volumes-root-granted": Bug(
        "vhdsfix.rules.targets",
        "elif path.parent.key == path.key or any(path.key == volume.mount_folder.key for volume in volumes or ()):",
        "elif False:",
        (_CASES,),
    ),
    "a-non-canonical-dacl-written": Bug(
        "vhdsfix.rules.targets",
        "    if not access.is_canonical(descriptor):\n",
        "    if False:\n",
        (_CASES,),
    ),
    "an-empty-vm-list-believed": Bug(
        "vhdsfix.membership.shown",
        "return tuple(sorted({vm.vm_id for vm in known_or(facts.cluster.clustered_vms, ())} - shown))",
        "return ()",
        (_CASES,),
    ),
}
