"""Confident learning and the vote of neighbours by hand, on planted errors; the hardest rows and what is taken for what."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.neighbors import KNeighborsClassifier

from zhixing import evaluate
from zhixing.evaluate import label_errors

PROBABILITIES = np.array(
    [
        [0.9, 0.1, 0.0],
        [0.7, 0.2, 0.1],
        [0.1, 0.8, 0.1],  # called 0, surely 1
        [0.2, 0.6, 0.2],
        [0.1, 0.8, 0.1],
        [0.0, 0.1, 0.9],
        [0.1, 0.0, 0.9],
        [0.4, 0.3, 0.3],  # called 2, sure of nothing
    ]
)
LABELS = np.array([0, 0, 0, 1, 1, 2, 2, 2])


def test_the_confident_joint_by_hand():
    """Thresholds are 1.7 / 3, 1.4 / 2 and 2.1 / 3."""
    np.testing.assert_allclose(label_errors.self_confidence(PROBABILITIES, LABELS), [1.7 / 3, 0.7, 0.7])
    assert label_errors.confident_classes(PROBABILITIES, LABELS).tolist() == [0, 0, 1, -1, 1, 2, 2, -1]
    joint = evaluate.confident_joint(PROBABILITIES, LABELS)
    assert joint.tolist() == [[2, 1, 0], [0, 1, 0], [0, 0, 2]]
    np.testing.assert_allclose(
        evaluate.estimated_joint(PROBABILITIES, LABELS), np.array([[2, 1, 0], [0, 2, 0], [0, 0, 3]]) / 8
    )
    assert evaluate.errors_expected(PROBABILITIES, LABELS) == 1


def test_suspicion_by_hand():
    found = evaluate.suspicion(PROBABILITIES, LABELS)
    np.testing.assert_allclose(found[[0, 2, 7]], [-np.log(9), np.log(8), np.log(4 / 3)])
    assert found.argmax() == 2
    assert np.isfinite(evaluate.suspicion(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([1, 1]))).all()


@given(st.integers(0, 10**6), st.integers(2, 5))
@settings(max_examples=30, deadline=None)
def test_the_joint_keeps_the_shares_of_the_labels(seed, classes):
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet(np.ones(classes), size=40)
    labels = generator.integers(0, classes, 40)
    joint = evaluate.estimated_joint(probabilities, labels)
    np.testing.assert_allclose(joint.sum(axis=1), np.bincount(labels, minlength=classes) / 40)
    assert (joint >= 0).all()
    assert 0 <= evaluate.errors_expected(probabilities, labels) <= 40
    order = generator.permutation(classes)
    renamed = evaluate.suspicion(probabilities[:, order], np.argsort(order)[labels])
    np.testing.assert_allclose(renamed, evaluate.suspicion(probabilities, labels))


def test_a_class_that_no_row_is_called_has_no_part():
    probabilities = np.array([[0.5, 0.1, 0.4], [0.1, 0.5, 0.4], [0.6, 0.3, 0.1]])
    joint = evaluate.estimated_joint(probabilities, np.array([0, 1, 0]))
    assert joint[2].sum() == joint[:, 2].sum() == 0.0


def test_the_votes_are_those_of_scikit_learn_with_the_row_left_out():
    generator = np.random.default_rng(0)
    inputs, labels = generator.normal(size=(25, 2, 3)), generator.integers(0, 3, 25)
    found = evaluate.neighbour_votes(inputs, labels, classes=3, neighbours=4)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    for row in range(25):
        rest = np.arange(25) != row
        model = KNeighborsClassifier(4, weights="distance").fit(inputs[rest].reshape(24, 6), labels[rest])
        theirs = np.zeros(3)
        theirs[model.classes_] = model.predict_proba(inputs[row].reshape(1, 6))[0]
        np.testing.assert_allclose(found[row], 0.999 * theirs + 0.001 / 3)


def test_rows_that_are_the_same_vote_for_each_other():
    inputs, labels = np.zeros((4, 2)), np.array([0, 0, 0, 1])
    found = evaluate.neighbour_votes(inputs, labels, classes=2)
    assert found.shape == (4, 2)
    assert found[3, 0] > 0.99
    assert np.isfinite(found).all()


def test_planted_errors_are_among_the_most_suspicious_digits():
    """The larger trial is benchmarks/label_errors.py; this one is a seventh of the smaller digits' rows."""
    inputs, truth = load_digits(return_X_y=True)
    inputs, truth = inputs[:900] / 16, truth[:900]
    generator = np.random.default_rng(1)
    planted = generator.choice(900, 27, replace=False)
    labels = truth.copy()
    labels[planted] = (truth[planted] + generator.integers(1, 10, 27)) % 10
    folds, left_out = generator.permutation(900) % 4, np.zeros((900, 10))
    for fold in range(4):
        model = LogisticRegression(C=0.1, max_iter=300).fit(inputs[folds != fold], labels[folds != fold])
        left_out[folds == fold] = model.predict_proba(inputs[folds == fold])
    votes = evaluate.neighbour_votes(inputs, labels, classes=10)
    for probabilities in (left_out, votes, (left_out + votes) / 2):
        suspects = np.argsort(-evaluate.suspicion(probabilities, labels))[:45]
        assert np.isin(planted, suspects).mean() >= 0.9
    assert 20 <= evaluate.errors_expected(votes, labels) <= 60


def test_surprises_by_hand_and_the_hardest_rows():
    answers = np.array([[0.5, 0.5], [0.9, 0.1], [0.2, 0.8], [1.0, 0.0]])
    targets = np.array([0, 1, 1, 1])
    found = evaluate.surprises(answers, targets)
    np.testing.assert_allclose(found, -np.log([0.5, 0.1, 0.8, 1e-15]))
    assert evaluate.hardest(answers, targets, 3).tolist() == [3, 1, 0]
    amounts, truth = np.array([1.0, 2.0, 9.0]), np.array([1.0, 3.0, 5.0])
    np.testing.assert_allclose(evaluate.surprises(amounts, truth), np.array([0, 1, 4]) / np.std(truth))
    assert evaluate.hardest(amounts, truth, 1).tolist() == [2]
    assert np.isfinite(evaluate.surprises(np.zeros(2), np.ones(2))).all()


def test_confident_mistakes_are_wrong_and_surest_first():
    answers = np.array([[0.6, 0.4], [0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.5, 0.5]])
    targets = np.array([1, 1, 1, 0, 0])
    assert evaluate.confident_mistakes(answers, targets, 9).tolist() == [1, 3, 0]
    assert evaluate.confident_mistakes(answers, targets, 1).tolist() == [1]
    assert evaluate.taken_for(answers, targets, true=1, taken=0, count=5).tolist() == [1, 0]
    assert evaluate.taken_for(answers, targets, true=0, taken=1, count=5).tolist() == [3]


@pytest.mark.parametrize("seed", [0, 1])
def test_the_confusion_is_that_of_scikit_learn(seed):
    generator = np.random.default_rng(seed)
    answers, targets = generator.dirichlet(np.ones(4), size=30), generator.integers(0, 4, 30)
    theirs = confusion_matrix(targets, answers.argmax(axis=1), labels=range(4))
    np.testing.assert_array_equal(evaluate.counts_of(answers, targets), theirs)


def test_a_row_that_just_reaches_its_threshold_is_sure():
    joint = evaluate.confident_joint(np.array([[0.6, 0.4], [0.3, 0.7]]), np.array([0, 1]))
    assert joint.tolist() == [[1, 0], [0, 1]]
