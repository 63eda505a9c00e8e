"""The texts of bookings of areas and of training plans."""

from kiosk.core.texts import Text

PAGES: dict[str, Text] = {
    "reservations": Text("场地预订", "Bookings of areas"),
    "reservations_hint": Text(
        "按日期查看，或查找一位会员的全部预订。预订的时段内，会员在该区域的闸门刷卡即可进入。",
        "By day, or all of one member. At the time that is booked the gates of the area let the member in.",
    ),
    "reservations_search": Text("会员号或卡号", "Member or card number"),
    "no_reservations": Text("没有预订", "Nothing is booked"),
    "no_reservations_hint": Text(
        "可以预订哪些区域、提前几天，由规章（场地预订）规定。",
        "The rule book says which areas may be booked, and how many days ahead.",
    ),
    "bookable_area": Text("{area}（{opens}–{closes}，每次 {minutes} 分钟）",
                          "{area} ({opens}–{closes}, by {minutes} minutes)"),
    "reservation_area": Text("区域", "Area"),
    "reservation_time": Text("时段", "Time"),
    "reservation_made_by": Text("登记人", "Written down by"),
    "reservation_made_at": Text("登记时间", "Written down at"),
    "book_area": Text("预订场地", "Book an area"),
    "field_book_area_member": Text("会员号或卡号", "Member or card number"),
    "field_book_area_area": Text("区域", "Area"),
    "field_book_area_day": Text("日期", "Day"),
    "field_book_area_opens": Text("开始时间（如 09:00）", "From (as 09:00)"),
    "cancel_reservation": Text("取消预订", "Give the booking back"),
    "training_plans": Text("训练计划", "Training plans"),
    "training_plans_hint": Text(
        "计划名称、教练和课程；课程就是场地预订。请勿填写健康情况。",
        "Name, coach and classes, which are bookings of an area. Nothing of anybody's health belongs here.",
    ),
    "no_training_plans": Text("还没有训练计划", "No training plan yet"),
    "no_training_plans_hint": Text("登记计划后，可以为它预订课程。", "Write one down, then book its classes."),
    "training_plan": Text("训练计划", "Training plan"),
    "training_coach": Text("教练", "Coach"),
    "training_made_on": Text("登记日期", "Written down on"),
    "training_classes": Text("课程", "Classes"),
    "make_training_plan": Text("登记训练计划", "Write a training plan down"),
    "field_make_training_plan_member": Text("会员号或卡号", "Member or card number"),
    "field_make_training_plan_name": Text("计划名称", "Name of the plan"),
    "field_make_training_plan_coach": Text("教练", "Coach"),
    "book_class": Text("预订课程", "Book a class"),
    "field_book_class_area": Text("区域", "Area"),
    "field_book_class_day": Text("日期", "Day"),
    "field_book_class_opens": Text("开始时间（如 09:00）", "From (as 09:00)"),
}  # fmt: skip
"""What the pages say."""

CHOICES: dict[str, Text] = {
    "ReservationState.booked": Text("已预订", "Booked"),
    "ReservationState.cancelled": Text("已取消", "Given back"),
    "ReservationState.over": Text("已结束", "Over"),
}
"""What may be chosen, as `Enum.value`."""

REFUSALS: dict[str, Text] = {
    "not_to_be_booked": Text("这个区域不能预订", "That area is not one to be booked"),
    "not_a_slot": Text("这个时间没有可预订的时段", "No booking of that area begins then"),
    "slot_is_over": Text("这个时段已经过去", "That time is over"),
    "too_far_ahead": Text("这个等级还不能预订这么晚的日期", "That tier may not book so far ahead yet"),
    "booked_then": Text("会员在这个时间已有预订", "The member has booked something at that time"),
    "too_many_booked": Text("会员未使用的预订已达上限", "The member has as many bookings as one may have"),
    "full_then": Text("这个时段已约满", "No place is left at that time"),
    "not_booked_any_more": Text("这个预订已取消或已结束", "That booking was given back, or is over"),
}
"""Why a rule says no, by the code of its reason."""
