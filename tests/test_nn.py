import pytest
import torch
from torch import nn
from torch.nn.functional import relu
from torch.testing import assert_close

from zhixing.nn import ResidualBlock, convolution, glorot_uniform, he_normal, linear, projection_shortcut


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("init", "variance"), [(he_normal, 2 / 400), (glorot_uniform, 2 / (400 + 300))], ids=["he", "glorot"]
)
def test_initialisers_have_the_published_variance(init, variance):
    weight = torch.empty(300, 400)
    init(weight, generator())
    # 120,000 draws: the standard error of the variance is below 0.5 per cent of it.
    assert weight.var().item() == pytest.approx(variance, rel=0.02)
    assert abs(weight.mean().item()) < 4 * (variance / weight.numel()) ** 0.5


def test_he_keeps_the_second_moment_through_relu_layers():
    x = torch.randn(512, 256, generator=generator())
    for layer in range(20):
        x = linear(256, 256, generator=generator(layer))(x).relu()
    assert 0.5 < x.pow(2).mean().item() < 2


@pytest.mark.parametrize(
    "make",
    [
        lambda g: linear(5, 3, generator=g),
        lambda g: convolution(2, 3, generator=g),
        lambda g: ResidualBlock(2, 4, stride=2, normalisation=nn.BatchNorm2d, generator=g),
    ],
    ids=["linear", "convolution", "block"],
)
@pytest.mark.usefixtures("global_randomness_untouched")
def test_the_generator_decides_the_weights(make):
    one, same, other = make(generator(1)), make(generator(1)), make(generator(2))
    for name, weight in one.state_dict().items():
        assert_close(weight, same.state_dict()[name], rtol=0, atol=0)
    first = next(iter(one.parameters()))
    assert not torch.equal(first, next(iter(other.parameters())))


def test_without_a_generator_torch_s_own_decides():
    with torch.random.fork_rng():
        torch.manual_seed(7)
        one = linear(5, 3).weight
        torch.manual_seed(7)
        assert_close(linear(5, 3).weight, one, rtol=0, atol=0)


def test_layers_are_torch_s_layers_with_biases_at_zero():
    layer = convolution(2, 3, kernel=5, stride=2, generator=generator())
    assert isinstance(layer, nn.Conv2d)
    assert layer(torch.ones(1, 2, 9, 9)).shape == (1, 3, 5, 5)
    assert torch.count_nonzero(layer.bias) == 0
    assert convolution(2, 3, bias=False).bias is None
    assert isinstance(linear(5, 3, bias=False), nn.Linear)


class Reference(nn.Module):
    """A basic block as torch's modules spell it, with its own projection and normalisation."""

    def __init__(self, c, d, stride, shortcut, norm):
        super().__init__()
        self.conv1 = nn.Conv2d(c, d, 3, stride, 1, bias=not norm)
        self.conv2 = nn.Conv2d(d, d, 3, 1, 1, bias=not norm)
        self.norms = nn.ModuleList([nn.BatchNorm2d(d) for _ in range(3)]) if norm else [nn.Identity()] * 3
        self.shortcut = shortcut
        self.project = nn.Conv2d(c, d, 1, stride, bias=not norm) if shortcut and (c != d or stride != 1) else None

    def forward(self, x):
        y = self.norms[1](self.conv2(relu(self.norms[0](self.conv1(x)))))
        if self.shortcut:
            y = y + (x if self.project is None else self.norms[2](self.project(x)))
        return relu(y)


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("shortcut", [False, True])
@pytest.mark.parametrize(("c", "d", "stride"), [(3, 3, 1), (3, 6, 2), (3, 5, 1)])
def test_block_agrees_with_the_reference(c, d, stride, shortcut, norm):
    block = ResidualBlock(
        c,
        d,
        stride=stride,
        shortcut=projection_shortcut if shortcut else None,
        normalisation=nn.BatchNorm2d if norm else None,
        generator=generator(3),
    ).double()
    with torch.random.fork_rng():
        reference = Reference(c, d, stride, shortcut, norm).double()
    convolutions = [m for m in block.modules() if isinstance(m, nn.Conv2d)]
    theirs = [reference.conv1, reference.conv2, *([reference.project] if reference.project else [])]
    for ours, other in zip(convolutions, theirs, strict=True):
        other.load_state_dict(ours.state_dict())
    ours_x = torch.randn(4, c, 6, 6, dtype=torch.float64, generator=generator(4)).requires_grad_()
    their_x = ours_x.detach().clone().requires_grad_()
    ours_y, their_y = block(ours_x), reference(their_x)
    assert_close(ours_y, their_y)
    upstream = torch.randn(ours_y.shape, dtype=torch.float64, generator=generator(5))
    ours_y.backward(upstream)
    their_y.backward(upstream)
    assert_close(ours_x.grad, their_x.grad)
    for ours, other in zip(convolutions, theirs, strict=True):
        assert_close(ours.weight.grad, other.weight.grad)


def test_a_block_whose_residual_is_zero_passes_its_input_on():
    block = ResidualBlock(3, 3, generator=generator())
    for weight in block.residual.parameters():
        nn.init.zeros_(weight)
    x = torch.rand(2, 3, 5, 5, generator=generator())
    assert_close(block(x), x, rtol=0, atol=0)
    plain = ResidualBlock(3, 3, shortcut=None, generator=generator())
    for weight in plain.parameters():
        nn.init.zeros_(weight)
    assert torch.count_nonzero(plain(x)) == 0


def test_the_free_shortcut_has_no_parameters_and_the_projection_has():
    assert not list(projection_shortcut(4, 4).parameters())
    assert projection_shortcut(4, 8, stride=2, generator=generator()).weight.shape == (8, 4, 1, 1)
    assert list(projection_shortcut(4, 4, stride=2, generator=generator()).parameters())


def test_plain_and_residual_block_begin_with_the_same_weights():
    plain = ResidualBlock(4, 4, shortcut=None, generator=generator(1)).state_dict()
    residual = ResidualBlock(4, 4, generator=generator(1)).state_dict()
    assert plain.keys() == residual.keys()
    assert all(torch.equal(plain[name], residual[name]) for name in plain)


def test_the_activation_is_a_brick():
    x = torch.randn(2, 3, 5, 5, generator=generator())
    block = ResidualBlock(3, 3, activation=nn.Tanh, generator=generator())
    assert_close(block(x), torch.tanh(x + block.residual[2](torch.tanh(block.residual[0](x)))))
