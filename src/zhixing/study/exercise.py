"""Exercises: the learner changes a study, and the changed study decides whether the change does what was asked."""

import math
from collections.abc import Mapping
from dataclasses import replace

from zhixing.core import BadSetting, Text, UnknownName
from zhixing.core.store import RunStore
from zhixing.study.answer import answers
from zhixing.study.study import Design, Exercise, Scale, Study

Value = int | float | str


def exercise_of(study: Study, number: int) -> Exercise:
    """The exercise of this number, counted from 1; raises BadSetting where there is none."""
    if not 1 <= number <= len(study.exercises):
        raise BadSetting(
            Text(
                en=f"{study.slug} has {len(study.exercises)} exercises, counted from 1; got {number}",
                zh=f"{study.slug} 有 {len(study.exercises)} 道练习，从 1 数起；得到 {number}",
            )
        )
    return study.exercises[number - 1]


def attempt(study: Study, number: int, given: Mapping[str, Value]) -> Study:
    """The study that the learner's choice makes of an exercise; its verdict says whether the condition holds.

    Values may be words, as typed. Raises UnknownName for a name that is not the exercise's or a word that may not
    be chosen, BadSetting for one that is missing, no number, or outside its range.
    """
    exercise = exercise_of(study, number)
    chosen = _chosen(exercise, given)

    def design(scale: Scale) -> Design:
        return exercise.design(scale, **chosen)

    words = [f"{name}={value}" for name, value in chosen.items()]
    return replace(
        study,
        slug=".".join([_family(study, number), *words]),
        claim=exercise.task,
        design=design,
        exercises=(),
        published=None,
        command=" ".join(["exercise", study.slug, str(number), *words]),
    )


def solved(store: RunStore, study: Study) -> list[int]:
    """The numbers of the exercises whose condition some choice of the learner has met."""
    return [
        number
        for number in range(1, len(study.exercises) + 1)
        if any(answer.verdict == "supported" for answer in answers(store, f"{_family(study, number)}."))
    ]


def _family(study: Study, number: int) -> str:
    """What the names of all attempts at an exercise begin with."""
    return f"{study.slug}.{number}"


def _chosen(exercise: Exercise, given: Mapping[str, Value]) -> dict[str, Value]:
    for name in given:
        if name not in exercise.among:
            raise UnknownName(Text("setting", "设置"), name, exercise.among)
    if missing := [name for name in exercise.among if name not in given]:
        raise BadSetting(
            Text(
                en=f"the exercise leaves {', '.join(missing)} to you: give {example(exercise)}",
                zh=f"这道练习要你来选 {'、'.join(missing)}：请给出 {example(exercise)}",
            )
        )
    return {name: _value(name, given[name], among) for name, among in exercise.among.items()}


def example(exercise: Exercise) -> str:
    """How a choice is typed, by one that is as far from the solution as can be."""
    return " ".join(f"{name}={value}" for name, value in far_choice(exercise).items())


def far_choice(exercise: Exercise) -> dict[str, Value]:
    """Of every range the end that is farther from the solution, in factors where it spans many; of words another one."""

    def far(among: tuple[Value, ...], solution: Value) -> Value:
        low, *_, high = among
        if isinstance(low, str) or isinstance(high, str) or isinstance(solution, str):
            return next((word for word in among if word != solution), solution)
        if low > 0 and high / low > 100:
            return low if solution / low >= high / solution else high
        return low if solution - low >= high - solution else high

    return {name: far(among, exercise.solution[name]) for name, among in exercise.among.items()}


def allowed(among: tuple[Value, ...]) -> Text:
    """What may be chosen, in words."""
    if isinstance(among[0], str):
        words = ", ".join(map(str, among))
        return Text(f"one of {words}", f"{words} 之一")
    low, high = among
    if isinstance(low, int):
        return Text(f"a whole number from {low} to {high}", f"{low} 到 {high} 的整数")
    return Text(f"a number from {low:g} to {high:g}", f"{low:g} 到 {high:g} 的数")


def _value(name: str, given: Value, among: tuple[Value, ...]) -> Value:
    """The chosen value in the kind that the exercise takes."""
    low, *_, high = among
    if isinstance(low, str) or isinstance(high, str):
        if given not in among:
            raise UnknownName(Text(f"{name}:", f"{name}："), given, map(str, among))
        return given
    try:
        number = int(given) if isinstance(low, int) else float(given)
    except ValueError:
        number = math.nan
    if not low <= number <= high:
        raise BadSetting(
            Text("{name} is {allowed}; got {given}", "{name} 应为 {allowed}；得到 {given}").format(
                name=name, allowed=allowed(among), given=repr(given)
            )
        )
    return number
