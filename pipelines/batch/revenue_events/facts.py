"""What a payment vendor told, in plain words that no vendor owns."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Kind(StrEnum):
    """What kind of fact it is; the symbols of the record revenue_event."""

    ONE_TIME = "one_time"
    SUBSCRIPTION = "subscription"
    REFUND = "refund"
    FAILED_PAYMENT = "failed_payment"
    SUBSCRIPTION_CHANGE = "subscription_change"
    CUSTOMER = "customer"
    UNREADABLE = "unreadable"


class Step:
    """Order among facts of one moment: vendors stamp whole seconds."""

    BEGINS = 0
    GOES_ON = 1
    ENDS = 2


@dataclass(frozen=True)
class Fact:
    """One fact. `fact_id` is the same in every webhook that tells it.

    `revenue_amount` moved (below 0: back), `mrr_amount` is a month's worth from then on; both in
    `currency`. Ids are the vendor's, but for `client_reference_id`, which the site gave it.
    """

    kind: Kind
    fact_id: str
    occurred_at: datetime
    step: int = Step.GOES_ON
    customer_id: str | None = None
    subscription_id: str | None = None
    payment_id: str | None = None
    client_reference_id: str | None = None
    email_hash: str | None = None
    revenue_amount: Decimal | None = None
    currency: str | None = None
    mrr_amount: Decimal | None = None
    fault: str | None = None
