from .desk import FilmDesk as FilmDesk
from .page import ColorizePage as ColorizePage
