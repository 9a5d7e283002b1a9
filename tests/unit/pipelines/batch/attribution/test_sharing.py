"""What is left over after rounding goes where the rule says."""

from decimal import Decimal

from pipelines.batch.attribution.sharing import amounts_of, credits_of, share, whole_weights


def test_a_third_each_and_the_rest_to_the_first() -> None:
    credits = credits_of([1, 1, 1])
    assert credits == [Decimal("0.333333333334"), *[Decimal("0.333333333333")] * 2]
    assert amounts_of(Decimal("100.0000"), credits) == [
        Decimal("33.3334"),
        Decimal("33.3333"),
        Decimal("33.3333"),
    ]


def test_the_rest_goes_to_who_lost_most_by_rounding() -> None:
    assert share(10, [1, 5, 3]) == [1, 6, 3]  # 1.11, 5.56, 3.33
    assert share(2, [1, 1, 2]) == [1, 0, 1]  # 0.5, 0.5, 1: of equal ones the earlier


def test_a_refund_mirrors_what_was_paid() -> None:
    credits = credits_of([1, 1, 1])
    paid, refunded = (amounts_of(Decimal(a), credits) for a in ("9.9999", "-9.9999"))
    assert refunded == [-part for part in paid]
    assert sum(refunded) == Decimal("-9.9999")


def test_who_has_no_weight_gets_nothing() -> None:
    assert share(7, [0, 1, 0, 1]) == [0, 4, 0, 3]
    assert share(0, [1, 2]) == [0, 0]


def test_an_amount_of_more_digits_keeps_them() -> None:
    assert amounts_of(Decimal("0.00001"), [Decimal("0.5"), Decimal("0.5")]) == [
        Decimal("0.00001"),
        Decimal(0),
    ]


def test_shares_that_are_all_nothing_are_alike() -> None:
    assert whole_weights([0.0, 0.0]) == [1, 1]
