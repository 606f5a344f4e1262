"""Refusals of shortfalls."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class ClaimOutstanding(DomainError):
    """A claim on the participant is still open. Fields: ``organisation, claim_minor, currency``."""

    code = "claim_outstanding"
    category = Category.CONFLICT
    detail = Label(
        "{organisation} still owes the market {claim_minor} {currency}; collect the claim or write it off first.",
        "{organisation} には求償債権 {claim_minor} {currency} が残っています。先に回収または貸倒処理をしてください。",
    )


class DepositBacksLimit(DomainError):
    """The deposit backs a limit that secures trades. Fields: ``organisation, free_minor, currency``."""

    code = "deposit_backs_limit"
    category = Category.CONFLICT
    field = "amount_minor"
    detail = Label(
        "amount_minor: at most {free_minor} {currency} of the deposit of {organisation} can be released; the remainder backs"
        " trades that are not paid yet.",
        "amount_minor: {organisation} の保証金のうち返還できるのは {free_minor} {currency} までです。残りは未払いの取引を担保しています。",
    )


class NotAttached(DomainError):
    """The payment is not one that the attachment holds back. Fields: ``payment, restraint``."""

    code = "not_attached"
    category = Category.CONFLICT
    field = "payment"
    detail = Label(
        "payment: {payment} is no planned payment that {restraint} holds back, and no failed payment to its creditor.",
        "payment: {payment} は {restraint} により保留中の支払予定でも、債権者への不能となった支払でもありません。",
    )


class AttachmentsCompete(DomainError):
    """Several attachments come to more than what is due, so only the deposit office is paid. Fields: ``restraint``."""

    code = "attachments_compete"
    category = Category.CONFLICT
    field = "payee_kind"
    detail = Label(
        "payee_kind: {restraint} competes with another attachment of what is due: pay the deposit office (Civil Execution Act,"
        " article 156, paragraph 2).",
        "payee_kind: {restraint} は他の差押えと競合しています。供託してください（民事執行法156条2項）。",
    )


class RestraintLifted(DomainError):
    """The restraint of set-off was lifted before. Fields: ``restraint``."""

    code = "restraint_lifted"
    category = Category.CONFLICT
    detail = Label("{restraint} was lifted before.", "{restraint} はすでに解除されています。")


class NotPutOff(DomainError):
    """The fee is not put off into the open cycle, or is written off already. Fields: ``obligation``."""

    code = "not_put_off"
    category = Category.CONFLICT
    detail = Label(
        "{obligation} is not a fee that was put off into the open cycle, or its fee is written off already.",
        "{obligation} は現在のサイクルへ繰り延べられた手数料ではないか、既に償却されています。",
    )


class TaxRelieved(DomainError):
    """The tax of the write-off is relieved already, or there is none. Fields: ``write_off``."""

    code = "tax_relieved"
    category = Category.CONFLICT
    detail = Label(
        "The output tax of {write_off} is relieved already, or it contains none.",
        "{write_off} に係る消費税は控除済みであるか、消費税を含みません。",
    )
