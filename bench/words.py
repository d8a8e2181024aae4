"""Words from which the benchmark's apps take their names and comments."""

from __future__ import annotations

from typing import Final


def _words(listed: str) -> tuple[str, ...]:
    return tuple(listed.split())


NOUNS: Final = _words(
    "account article asset audience author badge banner bond booking budget campaign chapter claim "
    "comment contract course coupon customer deposit device dispute dividend document driver exam "
    "expense grade grant guest invoice lease lesson license listing loan mandate meter offer order "
    "parcel payment permit pickup plan product project quota rating reader receipt recipe refund "
    "reminder rental review reward room route scanner seat segment sensor shipment statement "
    "student subsidy supplier survey teacher ticket transfer trip vehicle vendor visit voucher"
)

QUALIFIERS: Final = _words(
    "abroad archived bulk business capital carrier central chilled city coastal company corporate "
    "counter dealer depot direct domestic early eastern event export express factory family field "
    "fleet foreign former freight gift global group harbor home import inner island joint junior "
    "key late leased legal local main major market member mobile monthly night northern nordic "
    "office online outer overseas partner pilot postal premium private public rail regional retail "
    "school seasonal senior service shared silver southern spare stock street student summer team "
    "temporary test trade transit travel union urban valley village vintage warehouse weekly "
    "western winter yearly zone"
)

LABELS: Final = _words(
    "amber atlas beacon birch canyon cedar cobalt copper coral delta ember falcon fjord garnet "
    "glacier granite harvest indigo ivory jasper juniper lagoon lantern linen lotus maple meadow "
    "nectar nimbus ochre onyx opal orchid pebble pepper pine prairie quartz raven ripple saffron "
    "sable sierra slate sparrow spruce summit thistle timber topaz tundra velvet walnut willow"
)

NUMBERS: Final = _words(
    "attempts capacity daysOpen depth discountCents distance duration emissions floors height "
    "interestRate length margin mileage minutesLate points pressure priority quantity radius "
    "shelfLife speed stockLevel temperature units vatPercent visits volume weightGrams width"
)

TEXTS: Final = _words(
    "address barcode brand channel city color contact country currency department externalRef "
    "category language locale material method note origin owner phone postcode reason region "
    "remark season serial source street supplierCode title unit variant"
)

FLAGS: Final = _words(
    "archived audited billable blocked confirmed fragile insured locked manual measured overdue "
    "paid prepaid printed reserved returned signed taxed urgent verified"
)

DATES: Final = _words(
    "approvedAt billedAt cancelledAt checkedAt closedAt deliveredAt dueAt expiresAt inspectedAt "
    "lastSeenAt openedAt paidAt plannedAt renewedAt scheduledAt sentAt startsAt validUntil"
)

STATES: Final = _words(
    "accepted active assigned cancelled closed completed delayed delivered draft expired failed "
    "finished held new open packed paused pending planned queued ready rejected scheduled settled"
)

REASONS: Final = (
    "accounting asked for it",
    "the old system did it the other way round and nobody could explain why",
    "a list of {n} would not fit on the screen that people in the depot have",
    "without it every {label} customer would see the same thing twice",
    "measured over {n} days: it halves the calls to {label}",
    "the law wants {n} years, and the auditors want to see it",
    "the {label} team reads it once a week, so a minute more does no harm",
    "doing it later would need a lock, and {label} already holds one",
    "see the decision of the {label} group: cheap first, exact afterwards",
    "more than {n} at a time made the queue of {label} grow without end",
)
