"""Names of invented people and companies: Russian with patronymics, Portuguese and English."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

Gender = Literal["f", "m"]


@dataclass(frozen=True, slots=True)
class PersonName:
    """A person's name; `patronymic` is empty outside Russia."""

    given: str
    patronymic: str
    family: str


# Name, and the patronymics of a son and a daughter of a man so called.
_FATHERS = (
    ("Александр", "Александрович", "Александровна"), ("Алексей", "Алексеевич", "Алексеевна"),
    ("Анатолий", "Анатольевич", "Анатольевна"), ("Андрей", "Андреевич", "Андреевна"),
    ("Борис", "Борисович", "Борисовна"), ("Вадим", "Вадимович", "Вадимовна"),
    ("Виктор", "Викторович", "Викторовна"), ("Владимир", "Владимирович", "Владимировна"),
    ("Геннадий", "Геннадьевич", "Геннадьевна"), ("Григорий", "Григорьевич", "Григорьевна"),
    ("Дмитрий", "Дмитриевич", "Дмитриевна"), ("Евгений", "Евгеньевич", "Евгеньевна"),
    ("Иван", "Иванович", "Ивановна"), ("Игорь", "Игоревич", "Игоревна"),
    ("Илья", "Ильич", "Ильинична"), ("Ильдар", "Ильдарович", "Ильдаровна"),
    ("Константин", "Константинович", "Константиновна"), ("Леонид", "Леонидович", "Леонидовна"),
    ("Максим", "Максимович", "Максимовна"), ("Михаил", "Михайлович", "Михайловна"),
    ("Николай", "Николаевич", "Николаевна"), ("Олег", "Олегович", "Олеговна"),
    ("Павел", "Павлович", "Павловна"), ("Пётр", "Петрович", "Петровна"),
    ("Роман", "Романович", "Романовна"), ("Сергей", "Сергеевич", "Сергеевна"),
    ("Тимур", "Тимурович", "Тимуровна"), ("Фёдор", "Фёдорович", "Фёдоровна"),
    ("Юрий", "Юрьевич", "Юрьевна"), ("Яков", "Яковлевич", "Яковлевна"),
)  # fmt: skip
_MEN = (*(father[0] for father in _FATHERS), "Артём", "Глеб", "Денис", "Кирилл", "Никита", "Савва")
_WOMEN = (
    "Алёна", "Алина", "Анастасия", "Анна", "Валентина", "Варвара", "Вера", "Виктория", "Галина",
    "Дарья", "Екатерина", "Елена", "Зоя", "Ирина", "Кира", "Ксения", "Лариса", "Лидия", "Людмила",
    "Майя", "Марина", "Мария", "Надежда", "Наталья", "Нина", "Оксана", "Ольга", "Полина", "Регина",
    "Светлана", "София", "Таисия", "Татьяна", "Ульяна", "Эльвира", "Юлия", "Яна",
)  # fmt: skip
# As men bear them; `_of_a_woman` knows the other form.
_FAMILIES = (
    "Абрамов", "Авдеев", "Агапов", "Аксёнов", "Ахметов", "Баранов", "Берёзкин", "Бобров", "Буров",
    "Быстров", "Вавилов", "Ветров", "Вишневский", "Воронцов", "Гаврилов", "Голубев", "Гончаренко",
    "Горшков", "Гусев", "Давыдов", "Дёмин", "Дроздов", "Дьячков", "Егоров", "Ермаков", "Ершов",
    "Журавлёв", "Завьялов", "Зайцев", "Зимин", "Зотов", "Ильинский", "Исаев", "Казаков", "Калинин",
    "Капустин", "Карпов", "Клименко", "Князев", "Ковалёв", "Козлов", "Колесников", "Комаров",
    "Королёв", "Красовский", "Круглов", "Кузнецов", "Лаврентьев", "Лебедев", "Лосев", "Лукин",
    "Макаров", "Мартынов", "Медведев", "Мельников", "Миронов", "Морозов", "Муравьёв", "Назаров",
    "Некрасов", "Никифоров", "Новиков", "Носков", "Овчинников", "Орлов", "Осипов", "Панфилов",
    "Петренко", "Пискунов", "Поляков", "Прохоров", "Рыбаков", "Рябов", "Савельев", "Садовский",
    "Самойлов", "Сафин", "Семёнов", "Сидоренко", "Синицын", "Скворцов", "Соболев", "Сорокин",
    "Степанов", "Суворин", "Тарасов", "Титов", "Третьяк", "Туманов", "Ульянов", "Фадеев", "Филин",
    "Фомин", "Хромов", "Цветков", "Черных", "Шаров", "Шевченко", "Шмелёв", "Щербак", "Щукин",
    "Юдин", "Яковлев", "Ястребов",
)  # fmt: skip

_ABROAD = {
    "m": (
        "Afonso", "André", "Bernardo", "Callum", "Daniel", "Diogo", "Duarte", "Edward", "Filipe",
        "Gonçalo", "Henry", "Hugo", "James", "João", "Luís", "Marcus", "Miguel", "Nuno", "Oliver",
        "Paulo", "Ricardo", "Rui", "Samuel", "Simão", "Thomas", "Tiago", "Vasco", "William",
    ),
    "f": (
        "Abigail", "Alice", "Amélia", "Beatriz", "Carolina", "Catarina", "Charlotte", "Clara",
        "Eleanor", "Emma", "Filipa", "Francisca", "Hannah", "Inês", "Isabel", "Joana", "Lucy",
        "Mafalda", "Margarida", "Maria", "Marta", "Olivia", "Rita", "Rosalind", "Sofia", "Teresa",
    ),
}  # fmt: skip
_FAMILIES_ABROAD = (
    "Abreu", "Almeida", "Ashworth", "Azevedo", "Barbosa", "Barros", "Bennett", "Brandão", "Cabral",
    "Caldwell", "Carvalho", "Castanheira", "Coelho", "Corrigan", "Cunha", "Esteves", "Faria",
    "Fairweather", "Fonseca", "Guerreiro", "Hargreaves", "Henriques", "Lacerda", "Leitão", "Lobo",
    "Macedo", "Marques", "Meireles", "Moreira", "Nóbrega", "Norwood", "Pacheco", "Palmeira",
    "Penrose", "Pinheiro", "Quintela", "Redfern", "Ribeiro", "Sampaio", "Seabra", "Serrano",
    "Silveira", "Tavares", "Teixeira", "Thornbury", "Vasconcelos", "Vieira", "Wakefield",
)  # fmt: skip

_PROPER = (
    "Азимут", "Аист", "Акварель", "Алтын", "Астра", "Байкал", "Барк", "Белая ночь", "Берег",
    "Бриз", "Буревестник", "Вереск", "Вираж", "Восход", "Гавань", "Галерея", "Горизонт", "Грот",
    "Дельфин", "Дюна", "Ёлка и кит", "Журавль", "Заря", "Зенит", "Изумруд", "Иволга", "Каскад",
    "Кедр", "Квартал", "Клевер", "Ключ", "Компас", "Корица", "Крона", "Лагуна", "Ладья", "Лайм",
    "Лампа", "Лето", "Луч", "Магнолия", "Маяк", "Мельница", "Меридиан вкуса", "Мост", "Норд",
    "Облако", "Окраина", "Оникс", "Опора", "Остров", "Парус", "Перекрёсток", "Пион", "Платан",
    "Причал", "Рассвет", "Резонанс", "Родник", "Ромашка", "Рубин", "Сад камней", "Сапфир",
    "Север", "Сирень", "Скала", "Сойка", "Спутник", "Терраса", "Тихий час", "Тополь", "Утро",
    "Фарватер", "Феникс", "Форт", "Хвоя", "Цитрус", "Чайка", "Шафран", "Эхо", "Южный крест",
    "Яблоня", "Янтарь", "Ясень",
)  # fmt: skip
_PROPER_ABROAD = (
    "Alder", "Anchor", "Andorinha", "Azulejo", "Bela Vista", "Blue Heron", "Bramble", "Canela",
    "Cais", "Cedro", "Copper Kettle", "Corner", "Dois Rios", "Elm Tree", "Estrela", "Farol",
    "Foxglove", "Gaivota", "Girassol", "Harbour Light", "Hazel", "Horizonte", "Ivy", "Jacarandá",
    "Juniper", "Kingfisher", "Lantern", "Laranjeira", "Linden", "Maré Alta", "Meadow", "Miradouro",
    "Nightingale", "Oliveira", "Orchard", "Outono", "Pelican", "Pinhal", "Quinta", "Robin",
    "Rosmaninho", "Saddle", "Sardinha", "Sundial", "Tágide", "Tidemill", "Torre", "Velvet",
    "Vinha", "Willow", "Wren", "Zéfiro",
)  # fmt: skip


def person_name(dice: Random, language: str) -> PersonName:
    """Somebody's name, as people are called where `language` is spoken."""
    gender: Gender = dice.choice(("f", "m"))
    if language != "ru":
        return PersonName(dice.choice(_ABROAD[gender]), "", dice.choice(_FAMILIES_ABROAD))
    father, family = dice.choice(_FATHERS), dice.choice(_FAMILIES)
    if gender == "m":
        return PersonName(dice.choice(_MEN), father[1], family)
    return PersonName(dice.choice(_WOMEN), father[2], _of_a_woman(family))


def proper_name(dice: Random, language: str) -> str:
    """What a company calls itself, without what it is."""
    return dice.choice(_PROPER if language == "ru" else _PROPER_ABROAD)


def _of_a_woman(family: str) -> str:
    if family.endswith("ский"):
        return family.removesuffix("ий") + "ая"
    if family.endswith(("ов", "ев", "ёв", "ин", "ын")):
        return family + "а"
    return family
