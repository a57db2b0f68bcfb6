#include "optim/hull/view_trust.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace penumbra {
namespace {

constexpr int kInnerRays = 64, kOutlineRays = 48, kCoarse = 48, kFine = 4, kRounds = 3;
constexpr int kThinReach = 4;  // pixels
constexpr float kThin = 1;     // pixels to the outline, within the silhouette
constexpr float kInside = 3;  // pixels: rays of the inner kind are so far from their own outline

struct Verdict {
  float excess = -std::numeric_limits<float>::infinity();  // m, world units
  int blamed = -1;
  glm::vec3 place{0};
};

// Every n-th of the pixels that `wanted` accepts, n such that about `count` are left.
template <class Wanted> std::vector<glm::vec2> pixelsWhere(const Mask& distance, int count, const Wanted& wanted) {
  std::vector<glm::vec2> all, some;
  for (int y = 0; y < distance.height; ++y)
    for (int x = 0; x < distance.width; ++x)
      if (wanted(distance.at(x, y))) all.emplace_back(float(x) + 0.5f, float(y) + 0.5f);
  for (int k = 0; k < count && !all.empty(); ++k) some.push_back(all[all.size() * std::size_t(k) / std::size_t(count)]);
  return some;
}

class Judge {
 public:
  Judge(const HullField& field, ThreadPool& pool)
      : field_(field), pool_(pool), pixel_(float(field.pixelAt(glm::vec3(0)))), trusted_(std::size_t(field.viewCount()), true) {
    inner_.resize(trusted_.size());
    outline_.resize(trusted_.size());
    pool_.parallelFor(field.viewCount(), [&](int v, int) {
      const Mask& d = field_.distance(v);  // outside positive
      inner_[std::size_t(v)] = pixelsWhere(d, kInnerRays, [](float s) { return s < -kInside; });
      outline_[std::size_t(v)] = pixelsWhere(d, kOutlineRays, [](float s) { return s <= 0 && s > -1; });
    });
  }

  ViewTrust run() {
    ViewTrust trust;
    if (pixel_ <= 0) return trust;
    const int views = field_.viewCount();
    while (views >= ViewTrust::kFewestViews && 4 * (int(trust.distrusted.size()) + 1) <= views) {
      const int worst = worstView();
      if (worst < 0) break;
      trusted_[std::size_t(worst)] = false;
      trust.distrusted.push_back(worst);
    }
    std::sort(trust.distrusted.begin(), trust.distrusted.end());
    trust.noise = noise();
    return trust;
  }

 private:
  // `first` is looked at first: it carved the point before, so that most points cost one view.
  Verdict at(int u, const glm::vec3& x, float atMost, int first) const {
    Verdict verdict;
    for (int k = -1; k < field_.viewCount(); ++k) {
      const int v = k < 0 ? first : k;
      if (v < 0 || v == u || (k == first && k >= 0) || !trusted_[std::size_t(v)]) continue;
      const std::uint16_t one[] = {std::uint16_t(v)};
      const float value = field_.value(x, one);
      if (value > verdict.excess) verdict = {value, v, x};
      if (value >= atMost) break;  // worse than a point that is known already
    }
    return verdict;
  }

  // Does any view but u carve x? Then `ball` is how far around; `first` is asked first, and becomes the one that does.
  bool carved(int u, const glm::vec3& x, int& first, float& ball) const {
    if (first >= 0 && field_.carves(first, x, ball)) return true;
    for (int v = 0; v < field_.viewCount(); ++v)
      if (v != u && v != first && trusted_[std::size_t(v)] && field_.carves(v, x, ball)) {
        first = v;
        return true;
      }
    return false;
  }

  // Is there a place on this stretch that all views agree upon? Steps as in alongRay, less those that carved balls
  // make needless: most rays need no more than this.
  bool agrees(int u, const HullField::Ray& ray, const glm::vec3& direction, float from, float step) const {
    int first = -1;
    float ball = 0;
    for (int k = 0; k < kCoarse; k += std::max(1, int(std::ceil(ball / step))))
      if (!carved(u, ray.eye + (from + step * (float(k) + 0.5f)) * direction, first, ball)) return true;
    return false;
  }

  Verdict alongRay(int u, const glm::vec2& pixel) const {
    const HullField::Ray ray = field_.ray(u, pixel);
    const glm::vec3 direction = glm::normalize(ray.direction);
    const float middle = -glm::dot(ray.eye, direction), radius = float(field_.radius());
    const float half2 = radius * radius - glm::dot(ray.eye + middle * direction, ray.eye + middle * direction);
    Verdict best;
    best.excess = std::numeric_limits<float>::infinity();
    if (half2 <= 0) return {};
    const float half = std::sqrt(half2);
    float from = std::max(0.0f, middle - half), step = (middle + half - from) / kCoarse, where = from;
    if (agrees(u, ray, direction, from, step)) {
      best.excess = 0;
      return best;
    }
    int count = kCoarse, first = -1;
    for (int round = 0; round <= kRounds; ++round) {
      for (int k = 0; k < count; ++k) {
        const float t = from + step * (float(k) + 0.5f);
        const Verdict v = at(u, ray.eye + t * direction, best.excess, first);
        if (v.excess < best.excess) best = v, where = t;
        if (best.excess <= 0) return best;  // all agree
        first = v.blamed;
      }
      from = where - step, step = 2 * step / kFine, count = kFine;
    }
    return best;
  }

  // The most misleading view, -1 when none is.
  int worstView() const {
    const std::size_t n = trusted_.size();
    std::vector<int> blame(n * n), extra(n);  // rays of view u blamed on v, by u n + v; of view u in all
    const float deep = float(ViewTrust::kDeep) * pixel_;
    pool_.parallelFor(int(n), [&](int u, int) {
      if (!trusted_[std::size_t(u)]) return;
      for (const glm::vec2& p : inner_[std::size_t(u)]) {
        const Verdict verdict = alongRay(u, p);
        if (verdict.blamed < 0 || verdict.excess < deep) continue;
        ++blame[std::size_t(u) * n + std::size_t(verdict.blamed)];
        ++extra[std::size_t(u)];
      }
    });
    const int left = int(std::count(trusted_.begin(), trusted_.end(), true));
    int worst = -1, most = 0;
    for (std::size_t v = 0; v < n; ++v) {
      int accusers = 0, rays = 0;
      for (std::size_t u = 0; u < n; ++u) {
        accusers += blame[u * n + v] >= ViewTrust::kShare * kInnerRays;
        rays += blame[u * n + v];
      }
      if (2 * accusers >= left - 1 && rays > most) most = rays, worst = int(v);
    }
    if (worst >= 0) return worst;
    for (std::size_t u = 0; u < n; ++u)
      if (extra[u] >= ViewTrust::kExtraShare * kInnerRays && extra[u] > most) most = extra[u], worst = int(u);
    return worst;
  }

  // Does view v show nothing around x but what is too thin to be sure to meet a pixel's middle?
  bool thinAround(int v, const glm::vec3& x) const {
    const Mask& d = field_.distance(v);
    const glm::ivec2 middle(field_.project(v, x).pixel);
    for (int y = std::max(0, middle.y - kThinReach); y <= std::min(d.height - 1, middle.y + kThinReach); ++y)
      for (int i = std::max(0, middle.x - kThinReach); i <= std::min(d.width - 1, middle.x + kThinReach); ++i)
        if (d.at(i, y) < -kThin) return false;
    return true;
  }

  double noise() const {
    const std::size_t n = trusted_.size();
    struct Tally {
      double sum = 0;
      int rays = 0;
      std::vector<double> thin;  // of the sum, what is blamed on thin parts in each view
    };
    std::vector<Tally> tallies(n);
    pool_.parallelFor(int(n), [&](int u, int) {
      if (!trusted_[std::size_t(u)]) return;
      Tally& tally = tallies[std::size_t(u)];
      tally.thin.resize(n);
      for (const glm::vec2& p : outline_[std::size_t(u)]) {
        const Verdict verdict = alongRay(u, p);
        if (!std::isfinite(verdict.excess)) continue;  // misses the ball
        ++tally.rays;
        if (verdict.excess <= 0) continue;
        const double pixels = std::min(double(verdict.excess / pixel_), ViewTrust::kDeep);
        tally.sum += pixels;
        if (thinAround(verdict.blamed, verdict.place)) tally.thin[std::size_t(verdict.blamed)] += pixels;
      }
    });
    double sum = 0;
    int rays = 0;
    std::vector<double> thin(n);
    for (const Tally& tally : tallies) {
      sum += tally.sum, rays += tally.rays;
      for (std::size_t v = 0; v < tally.thin.size(); ++v) thin[v] += tally.thin[v];
    }
    std::sort(thin.rbegin(), thin.rend());
    const double few = std::accumulate(thin.begin(), thin.begin() + std::ptrdiff_t(ViewTrust::kFew * double(n)), 0.0);
    return rays > 0 ? (few > ViewTrust::kFewShare * sum ? sum - few : sum) / rays : 0;
  }

  const HullField& field_;
  ThreadPool& pool_;
  float pixel_;
  std::vector<bool> trusted_;
  std::vector<std::vector<glm::vec2>> inner_, outline_;
};

}  // namespace

ViewTrust judgeViews(const HullField& field, ThreadPool& pool) {
  ViewTrust trust = Judge(field, pool).run();
  for (int& v : trust.distrusted) v = field.sourceOf(v);
  return trust;
}

}  // namespace penumbra
