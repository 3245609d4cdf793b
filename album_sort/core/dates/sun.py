"""Where the sun stands: NOAA's solar calculator (Meeus, Astronomical Algorithms, chapter 25). Pure; good to a minute till 2100."""

from __future__ import annotations

from datetime import datetime
from math import asin, cos, degrees, radians, sin, tan

_J2000 = datetime(2000, 1, 1, 12)  # noqa: DTZ001 - naive UTC throughout


def sun_elevation_deg(utc: datetime, lat_deg: float, lon_deg: float) -> float:
    """Elevation of the sun's centre above the horizon at a naive UTC time, without refraction; east and north are positive."""
    declination, equation_min = _declination_and_equation_of_time(utc)
    minutes = utc.hour * 60 + utc.minute + utc.second / 60
    hour_angle = radians((minutes + equation_min + 4 * lon_deg) / 4 - 180)
    latitude = radians(lat_deg)
    sine = sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(hour_angle)
    return degrees(asin(max(-1.0, min(1.0, sine))))


def is_sun_rising(utc: datetime, lon_deg: float) -> bool:
    """Whether it is before solar noon: a low sun is then a sunrise."""
    _, equation_min = _declination_and_equation_of_time(utc)
    solar_minutes = utc.hour * 60 + utc.minute + equation_min + 4 * lon_deg
    return solar_minutes % 1440 < 720


def _declination_and_equation_of_time(utc: datetime) -> tuple[float, float]:
    """The sun's declination in radians, and apparent minus mean solar time in minutes."""
    days = (utc - _J2000).total_seconds() / 86_400
    century = days / 36_525
    mean_longitude = radians((280.46646 + century * (36_000.76983 + 0.0003032 * century)) % 360)
    anomaly = radians(357.52911 + century * (35_999.05029 - 0.0001537 * century))
    eccentricity = 0.016708634 - century * (0.000042037 + 0.0000001267 * century)
    sin_anomaly, sin_2_anomaly = sin(anomaly), sin(2 * anomaly)
    centre = (
        sin_anomaly * (1.914602 - century * (0.004817 + 0.000014 * century))
        + sin_2_anomaly * (0.019993 - 0.000101 * century)
        + sin(3 * anomaly) * 0.000289
    )
    node = radians(125.04 - 1934.136 * century)
    apparent_longitude = mean_longitude + radians(centre - 0.00569 - 0.00478 * sin(node))
    mean_obliquity = 23.439291 - century * (0.0130042 + century * (0.00000016 - 0.000000504 * century))
    obliquity = radians(mean_obliquity + 0.00256 * cos(node))
    declination = asin(sin(obliquity) * sin(apparent_longitude))
    y = tan(obliquity / 2) ** 2
    equation = (
        y * sin(2 * mean_longitude)
        - 2 * eccentricity * sin_anomaly
        + 4 * eccentricity * y * sin_anomaly * cos(2 * mean_longitude)
        - 0.5 * y * y * sin(4 * mean_longitude)
        - 1.25 * eccentricity**2 * sin_2_anomaly
    )
    return declination, 4 * degrees(equation)
