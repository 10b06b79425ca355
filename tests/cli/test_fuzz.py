"""Whatever is typed or written in a file, a command ends in its work or in one clear error.

A refusal has exit code 1 or 2 and says on stderr, and nowhere else, what is wrong, why and what to do,
each on one line; nothing is written then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import dr_catalog.releases as releases
from dr_catalog.cli.main import cli
from dr_catalog.errors import ReleaseError
from tests.definitions.conftest import FILES
from tests.provisioning.fakes import CIDR, TERMS, block, launch, record, with_blocks

FUZZ = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
REFUSAL = re.compile(r"error: .+\n(  why:  .+\n)?  hint: .+\n")
LAUNCH = ("launch", "warm-standby", "--no-wait", "--suffix")

# Text that some reader of numbers, dates or names takes for more than text.
ODD = (
    *(
        "",
        "\0",
        "\n",
        "a\nerror: b",
        "\x1b[2J",
        "\ud800",
        "\u202e",
        "é",
        "=",
        "==",
        "-",
        "--",
        "${A}",
    ),
    *("9" * 5000, "1e999", ".nan", "nan", "inf", "0x_", "0b_", "-0", "1_000", "1:30", "٣", "²"),
    *("2024-13-45", "<<", "*a", "&a", "!!int x", "!!float", "!!bool maybe", "!!timestamp x"),
    *(
        '"\\UFFFFFFFF"',
        '"\\U00110000"',
        '"\\ud800"',
        "%YAML 9" + "9" * 5000 + ".1\n---\n",
        "[" * 500,
    ),
    *("{" * 300, "? {a: b}\n: c", "a: &a [*a]", "a: &a {<<: *a}", "a: 1\na: 2", "- a", "a" * 5000),
    *(
        "--- a\n--- b",
        "!<!> a",
        "!!binary x",
        "!!set {a}",
        "a: |\n b\n c",
        "\ufeffa: b",
        "\t",
        "a:\tb",
    ),
)
TEXTS = (
    st.sampled_from(ODD)
    | st.text(max_size=20)
    | st.text("{}[]&*!|>'\":,#%-? \n\tab1.", max_size=20)
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(10**30, 10**40) | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=4,
)
NAMES = st.sampled_from([*TERMS.parameters, "Cidr", "Siez"]) | TEXTS
MAPPINGS = st.dictionaries(NAMES, VALUES, max_size=3)
SOURCES = (
    st.binary(max_size=30)
    | TEXTS.map(lambda text: text.encode(errors="surrogatepass"))
    | TEXTS.map(lambda text: f"Size: {text}".encode(errors="surrogatepass"))
    | MAPPINGS.map(lambda content: json.dumps(content).encode())
    | MAPPINGS.map(lambda content: as_yaml(content))
)


def as_yaml(content: Any) -> bytes:
    """YAML as others may write it: with lone surrogates too, as bytes that are no UTF-8."""
    text: str = yaml.safe_dump(content, allow_unicode=True)
    return text.encode(errors="surrogatepass")


def check(done: Result) -> bool:
    """Whether it did its work; else it was refused, and in the form that a refusal has."""
    if done.exit_code == 0:
        return True
    assert done.exit_code in (1, 2), done.exception
    assert done.stdout == ""
    # click's own refusals name the usage; ours are what, why and hint.
    if not done.stderr.startswith("Usage: "):
        refusal = done.stderr[done.stderr.index("error: ") :]
        assert REFUSAL.fullmatch(refusal), done.stderr
        assert refusal.replace("\n", "").isprintable()
        assert "defect" not in refusal
        assert len(refusal) < 6000
    return False


def run(aws: Any, *words: str) -> None:
    """Run a tenant's command; a refusal has begun nothing."""
    aws.reset_mock()
    done = CliRunner().invoke(cli, words)
    began = [aws.provision, aws.update, aws.terminate]
    assert check(done) == any(call.called for call in began), done.output


@pytest.fixture
def catalog(aws: Any) -> Any:
    """`aws` with a version whose parameters have rules of every kind."""
    aws.plans.return_value = ()
    for call in (aws.provision, aws.update):
        call.return_value = record(status="IN_PROGRESS")
    number = TERMS.parameters["Size"].__class__(
        name="Count", type="Number", default="1", min_value=1, max_value=9
    )
    rules = {**TERMS.parameters, "Cidr": CIDR, "Count": number}
    aws.terms.side_effect = lambda **_: TERMS.__class__(parameters=rules)
    return aws


@FUZZ
@given(source=SOURCES, suffix=st.sampled_from([".yaml", ".json"]))
def test_a_parameters_file(catalog: Any, tmp_path: Path, source: bytes, suffix: str) -> None:
    file = tmp_path / f"values{suffix}"
    file.write_bytes(source)
    run(catalog, *LAUNCH, "demo", "--parameters", str(file))


@pytest.mark.parametrize("text", ODD)
def test_an_odd_parameters_file(catalog: Any, tmp_path: Path, text: str) -> None:
    file = tmp_path / "values.yaml"
    for source in (text, f"Size: {text}", f"? {text}\n: small", json.dumps({"Size": text})):
        file.write_bytes(source.encode(errors="surrogatepass"))
        run(catalog, *LAUNCH, "demo", "--parameters", str(file))


@FUZZ
@given(
    words=st.lists(TEXTS | st.builds("{}={}".format, NAMES | st.just("Count"), TEXTS), max_size=3)
)
def test_settings_and_tags(catalog: Any, words: list[str]) -> None:
    for option in ("--set", "--tag"):
        run(catalog, *LAUNCH, "demo", *(part for word in words for part in (option, word)))


@FUZZ
@given(
    suffix=TEXTS | st.from_regex(r"[a-z0-9-]{0,30}", fullmatch=True), version=TEXTS, product=TEXTS
)
@example(suffix="demo\n", version="1.0.0\n", product="warm-standby\n")
def test_suffixes_versions_and_products(
    catalog: Any, suffix: str, version: str, product: str
) -> None:
    run(catalog, *LAUNCH, suffix)
    run(catalog, *LAUNCH, "demo", "--version", version)
    catalog.launch.return_value = launch()
    try:
        run(catalog, "upgrade", "--suffix", "demo", "--version", version, "--no-wait")
        run(catalog, "upgrade", "--suffix", suffix, "--set", "Size=large", "--no-wait")
    finally:
        catalog.launch.return_value = None


@FUZZ
@given(layer=TEXTS | st.from_regex(r"[a-z.]{0,5}", fullmatch=True))
@example(layer="kms\n")
@example(layer=".kms")
def test_layers(catalog: Any, layer: str) -> None:
    with_blocks(catalog, block("kms"), block("vpc"))
    run(catalog, "upgrade", "--suffix", "demo", "--version", "1.1.0", "--no-wait", "--layer", layer)
    run(catalog, "terminate", "--suffix", "demo", "--yes", "--no-wait", "--layer", layer)
    names = [call.kwargs.get("name") or call.args[0] for call in catalog.launch.call_args_list]
    assert all(re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9._-]*", name) for name in names)


# Every place in the definition files, as the keys that lead there.
def places(value: Any, so_far: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of the value itself and of all that it holds."""
    yield so_far
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inner if isinstance(value, (dict, list)) else ():
        yield from places(each, (*so_far, key))


PLACES = [
    (name, place) for name, text in FILES.items() for place in places(yaml.safe_load(text)) if place
]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalog on disk; what its commands do once they have read it is left out."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / "portfolio/constraints").mkdir()
    monkeypatch.setattr(releases, "verify_catalog", lambda catalog: ())

    def no_synthesis(builds: str, *, product: str, root: Path) -> Any:
        raise ReleaseError("not synthesised", hint="not here")

    monkeypatch.setattr(releases, "synthesiser", no_synthesis)
    return tmp_path


def read(root: Path, *words: str, **changed: bytes) -> None:
    """Write the catalog with these files changed, and have a command read it; it writes nothing."""
    contents = {name: text.encode() for name, text in FILES.items()}
    contents["portfolio/constraints/production.json"] = b"{}"
    contents |= changed
    for name, content in contents.items():
        (root / name).write_bytes(content)
    before = files(root)
    check(CliRunner().invoke(cli, [*words, "--root", str(root)]))
    assert files(root) == before


def files(root: Path) -> dict[Path, bytes]:
    """All that lies below the root."""
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


@FUZZ
@given(place=st.sampled_from(PLACES), value=VALUES)
def test_a_field_of_a_definition(root: Path, place: tuple[str, Any], value: Any) -> None:
    name, keys = place
    content = yaml.safe_load(FILES[name])
    holder = content
    for key in keys[:-1]:
        holder = holder[key]
    holder[keys[-1]] = value
    read(root, "verify", **{name: as_yaml(content)})


@pytest.mark.parametrize("text", ODD)
def test_an_odd_field_of_a_definition(root: Path, text: str) -> None:
    for name, field in (
        ("products/tier/product.yaml", "title: A tier"),
        ("products/tier/product.yaml", "version: 1.0.0"),
        ("portfolio/portfolio.yaml", "constraints/production.json"),
        ("portfolio/portfolio.yaml", "[internal, confidential]"),
        ("pipeline/pipeline.yaml", '"111111111111"'),
    ):
        assert field in FILES[name]
        before, colon, _ = field.rpartition(": ")
        source = FILES[name].replace(field, f"{before}{colon}{text}", 1)
        read(root, "verify", **{name: source.encode(errors="surrogatepass")})


@FUZZ
@given(name=st.sampled_from([*FILES, "portfolio/constraints/production.json"]), source=SOURCES)
@example(name="portfolio/constraints/production.json", source=b"[" * 5000)
@example(name="portfolio/constraints/production.json", source=b"9" * 5000)
def test_a_whole_file_of_the_catalog(root: Path, name: str, source: bytes) -> None:
    read(root, "verify", **{name: source})


@FUZZ
@given(
    product=TEXTS | st.just("tier"),
    version=TEXTS | st.from_regex(r"\A[0-9]+\.[0-9]+\.0-[a-z0-9.]+"),
)
@example(product="tier", version="1.0." + "9" * 5000)
@example(product="tier", version="1.0.0-" + "9" * 5000)
@example(product="tier", version="1.0.0\n")
def test_a_version_to_release(root: Path, product: str, version: str) -> None:
    read(root, "release", product, version)
