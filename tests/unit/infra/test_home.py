"""A home keeps its ports, secrets and clock; two homes share none of them."""

from pathlib import Path

from infra.local.environment import environment
from infra.local.home import Home, free_ports


def test_ports_are_chosen_once(tmp_path: Path) -> None:
    assert Home(tmp_path).ports() == Home(tmp_path).ports()


def test_ports_of_one_home_differ(tmp_path: Path) -> None:
    ports = Home(tmp_path).ports()
    assert len(set(ports.values())) == len(ports)


def test_free_ports_are_distinct() -> None:
    assert len(set(free_ports(50))) == 50


def test_a_port_added_later_leaves_the_others(tmp_path: Path) -> None:
    home = Home(tmp_path)
    before = home.ports()
    text = (home.run / "ports.json").read_text().replace('"dagster"', '"forgotten"')
    (home.run / "ports.json").write_text(text)
    after = home.ports()
    assert {k: v for k, v in after.items() if k != "dagster"} == {
        k: v for k, v in before.items() if k != "dagster"
    }


def test_secrets_are_kept_and_private(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert home.secrets() == home.secrets()
    assert (home.run / "secrets.json").stat().st_mode & 0o077 == 0


def test_a_home_keeps_its_first_clock(tmp_path: Path) -> None:
    assert Home(tmp_path).clock("replay") == "replay"
    assert Home(tmp_path).clock("wall") == "replay"


def test_two_homes_have_different_secrets_and_folders(tmp_path: Path) -> None:
    one, other = environment(tmp_path / "one"), environment(tmp_path / "other")
    for name in ("HEADWATER_SECRET", "HEADWATER_WAREHOUSE", "HEADWATER_POSTGRES_URL"):
        assert one[name] != other[name]


def test_settings_are_the_same_at_every_call(tmp_path: Path) -> None:
    assert environment(tmp_path) == environment(tmp_path)
