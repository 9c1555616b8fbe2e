"""Where things are: the template, registration, brain and features."""

from defacto.anatomy.context import Context, locate
from defacto.anatomy.template import Template, load_template

__all__ = ["Context", "Template", "load_template", "locate"]
