"""The jobs of neutrality: they are declared beside the services that they run."""

from .services import MAKE_BUNDLE, MAKE_COUNTERFACTUAL

__all__ = ["MAKE_BUNDLE", "MAKE_COUNTERFACTUAL"]
