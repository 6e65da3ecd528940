"""The USL on ln X by scipy: fits a second with errors, and the time of a parametric bootstrap. Prints JSON."""

import json
import sys
import time

import numpy as np
from scipy.optimize import curve_fit, leastsq

seconds, replicates = float(sys.argv[1]), int(sys.argv[2])
n, x = (np.array(arg.split(","), dtype=float) for arg in sys.argv[3:5])
y = np.log(x)
others = n - 1
pairs = n * others


def model(n, a, s, k):
    return np.log(a * n / (1 + s * others + k * pairs))


def jacobian(n, a, s, k):
    divisor = 1 + s * others + k * pairs
    return np.column_stack((np.full_like(n, 1 / a), -others / divisor, -pairs / divisor))


def start():
    a0, a1, a2 = np.linalg.lstsq(np.column_stack((x / n, x, x * n)), np.ones_like(x), rcond=None)[0]
    a = 1 / (a0 + a1 + a2)
    return [a, 1 - a * a0, a * a2]


def fit():
    parameters, covariance = curve_fit(model, n, y, p0=start(), jac=jacobian)
    return parameters, np.sqrt(np.diag(covariance))


parameters, errors = fit()
begin = time.perf_counter()
fits = 0
while time.perf_counter() - begin < seconds:
    parameters, errors = fit()
    fits += 1
fits_per_s = fits / (time.perf_counter() - begin)

# leastsq is what curve_fit calls: the fastest that scipy has, as a bootstrap needs no covariance.
fitted = model(n, *parameters)
error = np.sqrt(np.sum((y - fitted) ** 2) / (len(n) - 3))
begin = time.perf_counter()
random = np.random.default_rng(1)
found = np.empty((replicates, 3))
for replicate in range(replicates):
    simulated = fitted + error * random.standard_normal(len(n))
    found[replicate] = leastsq(
        lambda b: model(n, *b) - simulated, parameters, Dfun=lambda b: jacobian(n, *b)
    )[0]
np.quantile(found, [0.025, 0.975], axis=0)
bootstrap_ms = 1000 * (time.perf_counter() - begin)

print(json.dumps({
    "fits_per_s": fits_per_s,
    "bootstrap_ms": bootstrap_ms,
    "parameters": list(parameters),
    "errors": list(errors),
}))
