"""The step that also lowers the loss of texts whose vectors stand a little off, where they are least well told.

Source: Miyato, Dai and Goodfellow 2017, arXiv:1605.07725, Eqs. 1 and 5. Departs from them: vectors are not normalised, so
that a network may grow them; they decay instead.
"""

from torch import Tensor
from torch.linalg import vector_norm

from zhixing.train.minimise import Minimise

REACH = 1.0
"""How far all vectors of one text are moved together, in Euclidean length."""


class Adversarial(Minimise):
    """As `Minimise`, of a model that says which `vectors(inputs)` it reads and takes others in their place."""

    def differentiate(self, inputs: Tensor, targets: Tensor) -> Tensor:
        vectors: Tensor = self.model.vectors(inputs)  # type: ignore[operator]
        vectors.retain_grad()
        loss = self.loss(self.model(inputs, vectors), targets)
        loss.backward()  # type: ignore[no-untyped-call]
        uphill = vectors.grad
        assert uphill is not None
        length = vector_norm(uphill, dim=tuple(range(1, uphill.ndim)), keepdim=True).clamp(min=1e-12)
        moved = self.model.vectors(inputs) + REACH * uphill / length  # type: ignore[operator]
        self.loss(self.model(inputs, moved), targets).backward()  # type: ignore[no-untyped-call]
        return loss
