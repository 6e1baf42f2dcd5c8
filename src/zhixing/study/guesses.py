"""What the user thought before looking: guesses are kept, and compared with the verdicts."""

import json
from datetime import UTC, datetime

from zhixing.core import Text, UnknownName
from zhixing.core.files import writing
from zhixing.core.store import RunStore
from zhixing.evaluate.sequential import Verdict
from zhixing.study.answer import VERDICTS


def keep_guess(store: RunStore, slug: str, guess: str) -> Verdict:
    """Appends a guess to the store; raises UnknownName when it is not one of the three verdicts."""
    words = {word: verdict for verdict, text in VERDICTS.items() for word in (verdict, text.en, text.zh)}
    if guess not in words:
        raise UnknownName(Text("verdict", "判断"), guess, VERDICTS)
    line = {"study": slug, "guess": words[guess], "when": datetime.now(UTC).isoformat(timespec="seconds")}
    with writing(store.home), (store.home / "guesses.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    return words[guess]


def guesses(store: RunStore) -> dict[str, Verdict]:
    """The last guess at each study; a line that was cut off by a crash is passed over."""
    path = store.home / "guesses.jsonl"
    last: dict[str, Verdict] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            kept = json.loads(line)
            last[kept["study"]] = kept["guess"]
        except (ValueError, KeyError, TypeError):
            continue
    return last
