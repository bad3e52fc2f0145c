"""What was found, shown: a table and a plot for the terminal, a picture, and a page for the browser."""

from isocost.report.chart import plot
from isocost.report.data import ReportData
from isocost.report.page import page
from isocost.report.picture import image
from isocost.report.table import table

__all__ = ["ReportData", "image", "page", "plot", "table"]
