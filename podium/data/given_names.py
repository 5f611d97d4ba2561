"""Common given names of many countries, by which a column of people is known."""

from __future__ import annotations

# Without those that are more often something else: months, states, flowers, surnames, jewels.
_NAMES = """
aaron abdul abdullah abigail adam adrian agnes ahmad ahmed aisha alan albert alejandra alejandro
alex alexander alexandra alexandre ali alice alicia alison amanda amber amelia amina amy ana anders
andre andrea andreas andrei andrew angela angelina anita anja anna anne annette annie antoine
anthony anton antonio arjun arne arthur ashley astrid barbara beatrice ben benjamin bernard bernd
beth betty beverly bill birgit bjorn bob bobby boris bradley brandon brenda brian bridget bruce
bruno bryan camille carl carla carlos carmen carol caroline catherine cecilia celine charles chen
cheryl chloe chris christian christina christine christoph christopher cindy claire clara claudia
claus connor craig cynthia daniel daniela danielle darren dave david dean deborah debra denis
dennis diana diane diego dieter dimitri dmitri dominic donald donna dorothy doug douglas duncan
dylan ed eddie edith eduardo edward eileen elaine elena elif elisabeth elizabeth ella ellen emil
emily emma emre enrique eric erik erika esther ethan eugene eva evelyn fabian fatima felix
fernanda fernando fiona florian frances francesca francesco francis francisco francois frank
frederic fredrik friedrich gabriel gabriela gareth gary gavin genevieve geoffrey george gerald
gerard gertrud gianni gina giorgio giovanni giulia giuseppe gloria gordon greg gregory guillaume
gunther gustav hannah hans harold harry hassan heather heidi heinrich helen helena helene henri
henrik henry herbert hiroshi holger howard hugo hussein ian ibrahim ingrid irene irina isaac
isabel isabella isabelle ivan jack jacob jacqueline jacques jake james jamie jan jane janet janice
jason javier jean jeff jeffrey jennifer jeremy jerome jerry jesse jessica jill jim jimmy joan
joanna joanne joe joel johan johann johanna johannes john johnny jon jonas jonathan jorge jose
josef joseph josephine joshua juan juana judith judy julia julian julie julien jun jurgen justin
kaitlyn kamal karen karin karl kate katharina katherine kathleen kathryn katie katja kayla keith
kelly kenneth kenji kevin khalid kim kimberly klaus kristen kristin kumar kurt kyle lars laura
lauren laurence laurent lea leah leila lena leo leon leonardo leonie leslie liam lina linda lisa
louis louise luca lucas lucia lucie lucy luis luisa lukas lydia magdalena manfred manuel marc
marcel marco marcos marcus margaret margarita maria marianne marie marina mario marion marjorie
mark markus marta martha martin martina mary mateo mathilde matt matthew matthias maurice max
maximilian mehmet mei melanie melissa michael michel michele michelle miguel mike mikhail mila
mohamed mohammad mohammed monica monika muhammad mustafa nadia nadine nancy naomi natalia natalie
natasha nathan nathalie neil nicholas nick nicola nicolas nicole nikolai nina noah norbert nora
olga oliver olivia omar oscar otto owen pablo pamela paola pascal patricia patrick paul paula
pauline pedro peggy penelope peter petra philip philipp philippe phillip pierre pieter pilar priya
rachel rafael rahul rainer raj rajesh ralf ralph ramon raquel raul raymond rebecca renate rene
ricardo richard rita robert roberta roberto robin rodrigo roger roland rolf ronald rosa rosemary
roy russell ruth ryan sabine sally salma samantha samuel sandra sanjay sara sarah scott sean
sebastian sergei sergio sharon sheila shirley siddharth silvia simon simone sofia sonia sophia
sophie stefan stefanie stella stephan stephane stephanie stephen steve steven stuart sue sunita
susan susanne suzanne sven sylvia tamara tanja tanya tatiana teresa terry theodore theresa thomas
tim timothy tina tobias todd tom tommy tony tracy trevor ulrich ulrike ursula valentina valerie
vanessa vera veronica vicky victor victoria viktor vincent vladimir walter wanda wei wendy werner
wilhelm william wolfgang yan yasmin yusuf yves yvonne zachary zoe
"""


def given_names() -> frozenset[str]:
    """The names, without accents and in lower case."""
    return frozenset(_NAMES.split())
