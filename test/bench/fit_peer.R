# The USL on ln X by nls: fits a second with errors, and the time of a parametric bootstrap. Prints JSON.
args <- commandArgs(trailingOnly = TRUE)
seconds <- as.numeric(args[1])
replicates <- as.integer(args[2])
n <- as.numeric(strsplit(args[3], ",")[[1]])
x <- as.numeric(strsplit(args[4], ",")[[1]])
y <- log(x)
now <- function() as.numeric(Sys.time())
usl <- y ~ log(a * n / (1 + s * (n - 1) + k * n * (n - 1)))

start <- function() {
  b <- .lm.fit(cbind(x / n, x, x * n), rep(1, length(x)))$coefficients
  a <- 1 / sum(b)
  list(a = a, s = 1 - a * b[1], k = a * b[3])
}

fit <- function() summary(nls(usl, data = list(n = n, y = y), start = start()))

best <- fit()
begin <- now()
fits <- 0
while (now() - begin < seconds) {
  best <- fit()
  fits <- fits + 1
}
fits_per_s <- fits / (now() - begin)

parameters <- best$coefficients[, 1]
fitted <- y - best$residuals
begin <- now()
set.seed(1)
found <- matrix(NA_real_, replicates, 3)
for (replicate in seq_len(replicates)) {
  simulated <- list(n = n, y = fitted + best$sigma * rnorm(length(n)))
  found[replicate, ] <- coef(nls(usl, data = simulated, start = as.list(parameters)))
}
intervals <- apply(found, 2, quantile, c(0.025, 0.975))
bootstrap_ms <- 1000 * (now() - begin)

numbers <- function(values) paste0("[", paste(sprintf("%.15g", values), collapse = ","), "]")
cat(sprintf(
  '{"fits_per_s": %.6f, "bootstrap_ms": %.6f, "parameters": %s, "errors": %s}\n',
  fits_per_s, bootstrap_ms, numbers(parameters), numbers(best$coefficients[, 2])
))
