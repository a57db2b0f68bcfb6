#include "tests/support/softras_reference.h"

#include <cmath>

namespace penumbra {
namespace {

// A corner is (1 - s) x_a + s x_b in camera space.
template <class Real> struct Corner {
  int a, b;
  Real s;
  Vec3<Real> x;
  Vec2<Real> pixel;
};

template <class Real> struct Polygon {
  std::vector<Corner<Real>> corners;
};

template <class Real> Real cross(const Vec2<Real>& a, const Vec2<Real>& b) { return a.x * b.y - a.y * b.x; }

template <class Real>
Polygon<Real> clipped(const Face& face, const std::vector<Vec3<Real>>& points, const CameraT<Real>& camera, Real near) {
  Polygon<Real> polygon;
  const auto add = [&](int a, int b, Real s) {
    const Vec3<Real> x = points[a] + s * (points[b] - points[a]);
    polygon.corners.push_back({a, b, s, x, {camera.fx * x.x / x.z + camera.cx, camera.fy * x.y / x.z + camera.cy}});
  };
  for (int k = 0; k < 3; ++k) {
    const int a = face[k], b = face[(k + 1) % 3];
    if (points[a].z >= near) add(a, a, 0);
    if ((points[a].z >= near) != (points[b].z >= near)) add(a, b, (near - points[a].z) / (points[b].z - points[a].z));
  }
  return polygon;
}

template <class Real> std::vector<Vec3<Real>> cameraPoints(const MeshRef<Real>& mesh, const CameraT<Real>& camera) {
  std::vector<Vec3<Real>> points;
  for (const auto& p : mesh.positions) points.push_back(camera.toCamera(p));
  return points;
}

template <class Real>
std::vector<Polygon<Real>> polygonsOf(const MeshRef<Real>& mesh, const CameraT<Real>& camera, Real near) {
  const auto points = cameraPoints(mesh, camera);
  std::vector<Polygon<Real>> polygons;
  for (const Face& face : mesh.topology->faces) {
    Polygon<Real> polygon = clipped(face, points, camera, near);
    Real area = 0;
    for (std::size_t c = 2; c < polygon.corners.size(); ++c)
      area += cross(polygon.corners[c - 1].pixel - polygon.corners[0].pixel,
                    polygon.corners[c].pixel - polygon.corners[0].pixel);
    if (std::abs(area) > Real(1e-9)) polygons.push_back(polygon);
  }
  return polygons;
}

// The nearest boundary point of a polygon: on the edge that starts at corner `edge`, at parameter t.
template <class Real> struct Nearest {
  Real d2 = INFINITY;
  int edge = 0;
  Real t = 0;
  Vec2<Real> offset{0};  // pixel - nearest point
  bool inside = false;
};

template <class Real> Nearest<Real> nearest(const Polygon<Real>& polygon, const Vec2<Real>& p) {
  Nearest<Real> best;
  int left = 0, right = 0;
  const int n = int(polygon.corners.size());
  for (int k = 0; k < n; ++k) {
    const Vec2<Real> a = polygon.corners[k].pixel, b = polygon.corners[k + 1 < n ? k + 1 : 0].pixel, e = b - a;
    const Real length2 = glm::dot(e, e), turn = cross(e, p - a);
    left += turn > 0;
    right += turn < 0;
    Real t = length2 > 0 ? glm::dot(p - a, e) / length2 : Real(0);
    t = t < 0 ? Real(0) : (t > 1 ? Real(1) : t);
    const Vec2<Real> offset = p - (a + t * e);
    const Real d2 = glm::dot(offset, offset);
    if (d2 < best.d2) best = {d2, k, t, offset, false};
  }
  best.inside = left == 0 || right == 0;
  return best;
}

template <class Real> struct Setting {
  Real sigma, reach2;  // square pixels
  Setting(const CameraT<Real>& camera, const CoverageOptions& options)
      : sigma(Real(options.sigma) * camera.pixelsPerNdc() * camera.pixelsPerNdc()),
        reach2(sigma * Real(std::log(1 / 1e-4 - 1))) {}
};

// D, or a negative number where the face is left out.
template <class Real> Real coverageBy(const Nearest<Real>& at, const Setting<Real>& setting) {
  if (!at.inside && at.d2 >= setting.reach2) return -1;
  const Real x = (at.inside ? at.d2 : -at.d2) / setting.sigma;
  return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x));
}

template <class Real> struct Hit {
  int polygon;
  Nearest<Real> at;
  Real D;
};

template <class Real>
void pullPixel(std::vector<Hit<Real>>& hits, Real dL_dalpha, Real sigma, std::vector<Polygon<Real>>& polygons,
               std::vector<std::vector<Vec2<Real>>>& dL_dcorners) {
  const std::size_t n = hits.size();
  std::vector<Real> after(n + 1, Real(1));
  for (std::size_t i = n; i-- > 0;) after[i] = after[i + 1] * (1 - hits[i].D);
  Real before = 1;
  for (std::size_t i = 0; i < n; ++i) {
    const Hit<Real>& hit = hits[i];
    const Real dL_dD = dL_dalpha * before * after[i + 1];
    const Real dL_dd2 = dL_dD * hit.D * (1 - hit.D) * (hit.at.inside ? 1 : -1) / sigma;
    auto& pulls = dL_dcorners[hit.polygon];
    const int corners = int(polygons[hit.polygon].corners.size()), next = (hit.at.edge + 1) % corners;
    pulls[hit.at.edge] += -2 * (1 - hit.at.t) * dL_dd2 * hit.at.offset;
    pulls[next] += -2 * hit.at.t * dL_dd2 * hit.at.offset;
    before *= 1 - hit.D;
  }
}

// One corner's pixel gradient to the two vertices and the camera.
template <class Real>
void pullCorner(const Corner<Real>& c, const Vec2<Real>& g, const std::vector<Vec3<Real>>& points,
                const CameraT<Real>& camera, std::vector<Vec3<Real>>& dL_dpositions, CameraGradient<Real>& k) {
  const Real z = c.x.z, z2 = z * z;
  k.fx += g.x * c.x.x / z;
  k.fy += g.y * c.x.y / z;
  k.cx += g.x;
  k.cy += g.y;
  const Vec3<Real> dL_dx(g.x * camera.fx / z, g.y * camera.fy / z,
                         -(g.x * camera.fx * c.x.x + g.y * camera.fy * c.x.y) / z2);
  const auto give = [&](int v, const Vec3<Real>& pull) {
    dL_dpositions[v] += glm::transpose(camera.rotation) * pull;
    k.translation += pull;
    k.rotation += glm::cross(points[v], pull);
  };
  if (c.a == c.b) return give(c.a, dL_dx);
  // x = a + s (b - a), s = (near - a.z) / (b.z - a.z): ds/da.z = -(1 - s)/(b.z - a.z), ds/db.z = -s/(b.z - a.z).
  const Vec3<Real> e = points[c.b] - points[c.a], forward(0, 0, 1);
  const Real dL_ds = glm::dot(dL_dx, e) / e.z;
  give(c.a, (1 - c.s) * (dL_dx - dL_ds * forward));
  give(c.b, c.s * (dL_dx - dL_ds * forward));
}

}  // namespace

template <class Real>
void softRasReference(const MeshRef<Real>& mesh, const CameraT<Real>& camera, const CoverageOptions& options,
                      std::span<Real> alpha) {
  const auto polygons = polygonsOf(mesh, camera, Real(options.nearPlane));
  const Setting<Real> setting(camera, options);
  for (int y = 0; y < camera.height; ++y)
    for (int x = 0; x < camera.width; ++x) {
      Real left = 1;
      for (const auto& polygon : polygons) {
        const Real D = coverageBy(nearest(polygon, Vec2<Real>(x + Real(0.5), y + Real(0.5))), setting);
        if (D >= 0) left *= 1 - D;
      }
      alpha[std::size_t(y) * camera.width + x] = 1 - left;
    }
}

template <class Real>
void softRasReferenceBackward(const MeshRef<Real>& mesh, const CameraT<Real>& camera, const CoverageOptions& options,
                              std::span<const Real> dL_dalpha, std::vector<Vec3<Real>>& dL_dpositions,
                              CameraGradient<Real>& dL_dcamera) {
  auto polygons = polygonsOf(mesh, camera, Real(options.nearPlane));
  const Setting<Real> setting(camera, options);
  std::vector<std::vector<Vec2<Real>>> dL_dcorners;
  for (const auto& polygon : polygons) dL_dcorners.emplace_back(polygon.corners.size(), Vec2<Real>(0));
  std::vector<Hit<Real>> hits;
  for (int y = 0; y < camera.height; ++y)
    for (int x = 0; x < camera.width; ++x) {
      hits.clear();
      for (std::size_t j = 0; j < polygons.size(); ++j) {
        const auto at = nearest(polygons[j], Vec2<Real>(x + Real(0.5), y + Real(0.5)));
        const Real D = coverageBy(at, setting);
        if (D >= 0) hits.push_back({int(j), at, D});
      }
      pullPixel(hits, dL_dalpha[std::size_t(y) * camera.width + x], setting.sigma, polygons, dL_dcorners);
    }
  const auto points = cameraPoints(mesh, camera);
  for (std::size_t j = 0; j < polygons.size(); ++j)
    for (std::size_t c = 0; c < polygons[j].corners.size(); ++c)
      pullCorner(polygons[j].corners[c], dL_dcorners[j][c], points, camera, dL_dpositions, dL_dcamera);
}

template void softRasReference<float>(const MeshRef<float>&, const CameraT<float>&, const CoverageOptions&,
                                      std::span<float>);
template void softRasReference<double>(const MeshRef<double>&, const CameraT<double>&, const CoverageOptions&,
                                       std::span<double>);
template void softRasReferenceBackward<float>(const MeshRef<float>&, const CameraT<float>&, const CoverageOptions&,
                                              std::span<const float>, std::vector<Vec3<float>>&,
                                              CameraGradient<float>&);
template void softRasReferenceBackward<double>(const MeshRef<double>&, const CameraT<double>&, const CoverageOptions&,
                                               std::span<const double>, std::vector<Vec3<double>>&,
                                               CameraGradient<double>&);

}  // namespace penumbra
