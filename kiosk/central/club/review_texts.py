"""What an applicant is told of a review: why it ended so, and what is missing, politely and by name (R08, 002:37)."""

from collections.abc import Iterable, Mapping

from kiosk.club.applications import ReviewReason
from kiosk.club.joining import Consent, Document, JoiningReason, JoiningRefusal
from kiosk.core.texts import Language, Text

_R, _J = ReviewReason, JoiningReason

REASONS: Mapping[ReviewReason, Text] = {
    _R.NOT_ELIGIBLE: Text("暂不符合入会条件", "the conditions for joining are not met at present"),
    _R.PAPERS_NOT_IN_ORDER: Text("申请资料还不齐全或需要更正", "the papers are not complete or need a correction"),
    _R.NOT_SUITABLE: Text(
        "经评估，目前不适合参加俱乐部的项目", "what the club offers does not seem suitable for you at present"
    ),
    _R.NO_PLACES: Text("目前名额已满", "all places are taken at present"),
    _R.DECIDED_BY_COMMITTEE: Text("会员管理委员会讨论后的决定", "the membership committee came to this decision"),
}
"""Why an application was turned down; an approval needs no reason."""

_PAPERS: Mapping[Document, Text] = {
    Document.FORM: Text("申请表", "the application form"),
    Document.ID_ORIGINAL: Text("身份证原件", "your identity document"),
    Document.ID_COPY: Text("身份证复印件", "a copy of your identity document"),
    Document.PHOTO: Text("一寸免冠彩色照片", "a colour photo"),
    Document.PROOF: Text("证明材料", "supporting papers"),
}
_CONSENTS: Mapping[Consent, Text] = {
    Consent.PURPOSE: Text("对俱乐部宗旨的同意", "your agreement to the club's purpose"),
    Consent.CHARTER: Text("对章程的同意", "your agreement to the charter"),
    Consent.REGULATIONS: Text("对管理办法的同意", "your agreement to the regulations"),
    Consent.PRIVACY: Text("对个人信息处理的同意", "your agreement to the privacy terms"),
}
_POINTS: Mapping[JoiningReason, Text] = {
    _J.BIRTH_DATE_MISSING: Text("出生日期", "your date of birth"),
    _J.MARK_MISSING: Text("签名或盖章", "a signature or stamp"),
    _J.NOT_YET_ASSESSED: Text("到前台做一次评估", "an assessment at the front desk"),
    _J.SCOPE_MISSING: Text("选择加入的会所", "which club to join"),
    _J.SCOPE_NOT_OFFERED: Text("另选加入的会所", "another choice of club"),
    _J.PHONE_MISSING: Text("联系电话", "a phone number"),
    _J.PHONE_TAKEN: Text("核对联系电话", "a check of your phone number"),
}


def reason_text(reason: ReviewReason, language: Language) -> str:
    """Return why an application was turned down; empty for what needs no reason."""
    return _in(REASONS[reason], language) if reason in REASONS else ""


def missing_text(open_points: Iterable[JoiningRefusal], language: Language) -> str:
    """Return what an applicant can still bring, each thing once; empty where nothing can be put right."""
    said = (_point(each) for each in open_points)
    words = dict.fromkeys(_in(each, language) for each in said if each is not None)
    return ("、" if language is Language.ZH else ", ").join(words)


def _point(refusal: JoiningRefusal) -> Text | None:
    if refusal.reason is _J.DOCUMENT_MISSING:
        return _PAPERS[Document(str(refusal.detail["document"]))]
    if refusal.reason in (_J.CONSENT_MISSING, _J.CONSENT_OUTDATED):
        return _CONSENTS[Consent(str(refusal.detail["consent"]))]
    return _POINTS.get(refusal.reason)


def _in(text: Text, language: Language) -> str:
    return text.zh if language is Language.ZH else text.en
