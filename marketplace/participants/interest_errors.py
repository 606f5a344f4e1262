"""Errors of declared interests."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class Recused(DomainError):
    """Who has declared an interest in an organisation decides nothing about it. Fields: ``organisation``, ``interest``."""

    code = "recused"
    category = Category.FORBIDDEN
    detail = Label(
        "You have declared an interest in {organisation} ({interest}), so you decide nothing about it. Let colleagues decide.",
        "あなたは {organisation} との利害関係（{interest}）を届け出ているため、同組織に関する判断はできません。"
        "ほかの担当者が判断してください。",
    )


class FirstPersonRecused(Recused):
    """Who gave a command first has declared an interest since. Fields: ``person``, ``organisation``, ``interest``."""

    code = "first_person_recused"
    detail = Label(
        "{person}, who gave the command first, has declared an interest in {organisation} ({interest}), so it decides nothing"
        " about it. Let another colleague give the command first.",
        "先に操作した {person} が {organisation} との利害関係（{interest}）を届け出たため、同組織に関する判断はできません。"
        "ほかの担当者が先に操作してください。",
    )


class InterestStands(DomainError):
    """The same interest is declared already. Fields: ``interest``."""

    code = "interest_stands"
    category = Category.CONFLICT
    detail = Label(
        "{interest} declares the same interest already.", "同じ利害関係は {interest} で届出済みです。"
    )


class InterestEnded(DomainError):
    """The interest was ended already. Fields: ``interest``, ``ended_at``."""

    code = "interest_ended"
    category = Category.CONFLICT
    detail = Label(
        "{interest} was ended at {ended_at}. Declare a new one if there is one.",
        "{interest} は {ended_at} に終了しています。利害関係がある場合は改めて届け出てください。",
    )


class NobodyDecides(DomainError):
    """Nobody recuses a colleague so that fewer than two others are left who decide. Fields: ``person``, ``organisation``."""

    code = "nobody_decides"
    category = Category.CONFLICT
    field = "person"
    detail = Label(
        "Without {person} fewer than two others would be left to decide about {organisation}. Let {person} declare the interest"
        " itself, or let the owners give its role to others first.",
        "{person} を除くと、{organisation} について判断できる担当者が二名未満になります。本人が届け出るか、"
        "先に代表管理者が同じ役割をほかの担当者に付与してください。",
    )
