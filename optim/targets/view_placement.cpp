// Where the cameras of a model stand.
//
//   distance: a sphere of radius 1 seen from D has half angle asin(1/D); it fills (1 - m) of the half image when
//     tan(asin(1/D)) = (1 - m) tan(fov/2)
//   Fibonacci: direction i of n has height y_i = y0 + (y1 - y0) (i + 1/2) / n and azimuth i * golden angle + turn,
//     y0, y1 the sines of the elevation range: equal areas on the sphere, no two views aligned.
#include <cmath>
#include <cstdint>
#include <string>

#include "optim/targets/targets.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kGoldenAngle = 2.39996322972865332;  // pi (3 - sqrt 5)

double radians(double degrees) { return degrees * kPi / 180; }

// A turn in [0, 2 pi) that depends on the seed alone (finaliser of splitmix64).
double turnOfSeed(int seed) {
  std::uint64_t z = std::uint64_t(std::int64_t(seed)) + 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  z ^= z >> 31;
  return 2 * kPi * double(z >> 11) / 9007199254740992.0;
}

glm::dvec3 direction(double height, double azimuth) {
  const double radius = std::sqrt(std::max(0.0, 1 - height * height));
  return {radius * std::sin(azimuth), height, radius * std::cos(azimuth)};
}

std::vector<glm::dvec3> fibonacci(int count, double elevationMin, double elevationMax, double turn) {
  const double low = std::sin(radians(elevationMin)), high = std::sin(radians(elevationMax));
  std::vector<glm::dvec3> directions;
  for (int i = 0; i < count; ++i)
    directions.push_back(direction(low + (high - low) * (i + 0.5) / count, turn + i * kGoldenAngle));
  return directions;
}

std::vector<glm::dvec3> ring(int count, double elevation, double turn) {
  std::vector<glm::dvec3> directions;
  for (int i = 0; i < count; ++i)
    directions.push_back(direction(std::sin(radians(elevation)), turn + 2 * kPi * i / count));
  return directions;
}

std::vector<glm::dvec3> trainDirections(const FitOptions& options) {
  const double turn = turnOfSeed(options.seed);
  switch (options.placement) {
    case ViewPlacement::Ring:
      return ring(options.views, 0.5 * (options.elevationMin + options.elevationMax), turn);
    case ViewPlacement::SixAxes:
      return {{0, 0, 1}, {1, 0, 0}, {0, 0, -1}, {-1, 0, 0}, {0, 1, 0}, {0, -1, 0}};
    case ViewPlacement::Fibonacci: break;
  }
  return fibonacci(options.views, options.elevationMin, options.elevationMax, turn);
}

void check(const FitOptions& options) {
  const auto fail = [](const std::string& text) { throw Error(ExitCode::Usage, text); };
  if (options.views < 1) fail("views is " + std::to_string(options.views) + ", must be at least 1.");
  if (options.size < 1) fail("size is " + std::to_string(options.size) + ", must be at least 1.");
  if (!(options.fieldOfView > 0 && options.fieldOfView < 170))
    fail("field_of_view is " + std::to_string(options.fieldOfView) + " degrees, must be in (0, 170).");
  if (!(options.elevationMin >= -90 && options.elevationMin <= options.elevationMax && options.elevationMax <= 90))
    fail("The elevation range is " + std::to_string(options.elevationMin) + " to " +
         std::to_string(options.elevationMax) + " degrees; it must ascend within [-90, 90].");
}

std::vector<Camera> camerasAt(const std::vector<glm::dvec3>& directions, const FitOptions& options) {
  const double distance = distanceForUnitSphere(options.fieldOfView);
  std::vector<Camera> cameras;
  for (const glm::dvec3& d : directions)
    cameras.push_back(
        lookAt(distance * d, glm::dvec3(0), glm::dvec3(0, 1, 0), options.fieldOfView, options.size, options.size));
  return cameras;
}

// Cosine of the smallest angle between a direction of `a` and one of `b`.
double closestCosine(const std::vector<glm::dvec3>& a, const std::vector<glm::dvec3>& b) {
  double closest = -1;
  for (const auto& p : a)
    for (const auto& q : b) closest = std::max(closest, glm::dot(p, q));
  return closest;
}

}  // namespace

double distanceForUnitSphere(double fieldOfView, double margin) {
  return 1 / std::sin(std::atan((1 - margin) * std::tan(radians(fieldOfView) / 2)));
}

std::vector<Camera> placeCameras(const FitOptions& options) {
  check(options);
  return camerasAt(trainDirections(options), options);
}

std::vector<Camera> placeHeldOutCameras(const FitOptions& options) {
  check(options);
  if (options.heldOutViews <= 0) return {};
  const std::vector<glm::dvec3> train = trainDirections(options);
  const int kTurns = 97;  // candidates; prime, so that no regular train ring lines up with all of them
  std::vector<glm::dvec3> best;
  double bestCosine = 2;
  for (int k = 0; k < kTurns; ++k) {
    const double turn = 2 * kPi * (k + 0.5) / kTurns;
    auto candidate = fibonacci(options.heldOutViews, options.elevationMin, options.elevationMax, turn);
    const double cosine = closestCosine(candidate, train);
    if (cosine < bestCosine) {
      bestCosine = cosine;
      best = std::move(candidate);
    }
  }
  return camerasAt(best, options);
}

}  // namespace penumbra
