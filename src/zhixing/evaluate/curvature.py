"""How a loss bends: products with its Hessian, its extreme eigenvalues, and how many of them are negative.

Sources: Pearlmutter 1994, "Fast exact multiplication by the Hessian", Neural Computation 6(1), for the products;
Lanczos 1950, by ARPACK (Lehoucq, Sorensen and Yang 1998), for the ends of the spectrum. Lanczos needs the products
that power iteration needs and no more, and converges where the two largest eigenvalues lie close, as they do in
networks that are being trained. Departs from them: nothing. Parity: torch.func.hessian in float64.
Axes: p q parameters, all of them in a row, in the order in which they are given

`loss` is a number that was computed from the parameters and still remembers how (a 0-dimensional tensor with a graph).
"""

import math
from collections.abc import Callable, Iterable
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

Product = Callable[[Float[Tensor, " p"]], Float[Tensor, " p"]]


def hessian_product(loss: Float[Tensor, ""], parameters: Iterable[Tensor]) -> tuple[Product, int]:
    """The function v -> H v, at the price of about two gradients a call, and the number of parameters."""
    tensors = list(parameters)
    gradient = _flat(torch.autograd.grad(loss, tensors, create_graph=True))

    def product(vector: Float[Tensor, " p"]) -> Float[Tensor, " p"]:
        return _flat(torch.autograd.grad(gradient, tensors, vector.to(gradient), retain_graph=True))

    return product, len(gradient)


def hessian(loss: Float[Tensor, ""], parameters: Iterable[Tensor]) -> Float[Tensor, "p q"]:
    """The whole Hessian, by one product for each parameter: for networks of a few hundred parameters."""
    tensors = list(parameters)
    gradient = _flat(torch.autograd.grad(loss, tensors, create_graph=True))
    units = torch.eye(len(gradient)).to(gradient)
    rows = torch.autograd.grad(gradient, tensors, units, is_grads_batched=True)
    return torch.cat([row.flatten(1) for row in rows], dim=1)


def extreme_eigenvalue(
    loss: Float[Tensor, ""],
    parameters: Iterable[Tensor],
    end: Literal["largest", "smallest"] = "largest",
    *,
    tolerance: float = 1e-2,
) -> float:
    """The largest or the smallest eigenvalue of the Hessian, to a relative `tolerance`; NaN where the loss is infinite.

    The search begins at one fixed direction, so that the same loss gives the same number.
    """
    from scipy.sparse.linalg import LinearOperator, eigsh

    if not math.isfinite(loss.item()):
        return math.nan
    product, size = hessian_product(loss, parameters)
    matrix = LinearOperator(
        (size, size), matvec=lambda vector: product(torch.from_numpy(vector.ravel())).numpy(), dtype=np.float64
    )
    begin = np.random.default_rng(0).standard_normal(size)
    which: Literal["LA", "SA"] = "LA" if end == "largest" else "SA"
    return float(eigsh(matrix, k=1, which=which, v0=begin, tol=tolerance, return_eigenvectors=False)[0])


def sharpness(loss: Float[Tensor, ""], parameters: Iterable[Tensor]) -> float:
    """The largest eigenvalue of the Hessian: how strongly the loss bends where it bends most."""
    return extreme_eigenvalue(loss, parameters)


def directions_down(eigenvalues: Float[Tensor, " p"], *, above: float = 1e-3) -> int:
    """How many directions bend down: eigenvalues below -`above` times the largest in size, and so not rounding."""
    return int((eigenvalues < -above * eigenvalues.abs().max()).sum())


def _flat(tensors: Iterable[Tensor]) -> Float[Tensor, " p"]:
    return torch.cat([tensor.flatten() for tensor in tensors])
