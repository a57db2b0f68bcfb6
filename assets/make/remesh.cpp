#include "assets/make/remesh.h"

#include "assets/make/edit_mesh.h"

namespace penumbra::assets {

namespace {

class Remesher {
 public:
  Remesher(const MeshT<double>& rough, const Solid& solid, const RemeshOptions& options)
      : mesh_(rough), solid_(solid), options_(options) {}

  MeshT<double> run() {
    for (int sweep = 0; sweep < options_.sweeps; ++sweep) {
      wantedLengths();
      splitLong();
      collapseShort();
      for (const auto& e : mesh_.edges()) mesh_.flipIfBetter(e.x, e.y);
      relax();
      const double ratio = std::sqrt(double(mesh_.faceCount()) / options_.faces);
      scale_ *= std::clamp(ratio, 0.7, 1.4);
    }
    for (int i = 0; i < 3; ++i) {
      for (const auto& e : mesh_.edges()) mesh_.flipIfBetter(e.x, e.y);
      relax();
    }
    return mesh_.compact();
  }

 private:
  Point gradient(const Point& p, double step) const {
    Point g;
    for (int k = 0; k < 3; ++k) {
      Point ahead = p, behind = p;
      ahead[k] += step;
      behind[k] -= step;
      g[k] = (solid_(ahead) - solid_(behind)) / (2 * step);
    }
    return g;
  }

  // Newton steps to f = 0, each at most half the shortest edge long.
  Point project(Point p) const {
    for (int i = 0; i < 4; ++i) {
      const double f = solid_(p);
      if (std::abs(f) < 1e-7 * options_.longest) break;
      const Point g = gradient(p, 0.02 * options_.shortest);
      const double g2 = std::max(glm::dot(g, g), 0.05);
      Point step = -f / g2 * g;
      const double length = glm::length(step), most = 0.5 * options_.shortest;
      if (length > most) step *= most / length;
      p += step;
    }
    return p;
  }

  double curvature(const Point& p) const {
    const double reach = 0.5 * options_.shortest;
    double squares = 0;
    for (int k = 0; k < 3; ++k) {
      Point ahead = p, behind = p;
      ahead[k] += reach;
      behind[k] -= reach;
      const Point a = gradient(ahead, 0.2 * reach), b = gradient(behind, 0.2 * reach);
      const Point change = (a / std::max(glm::length(a), 1e-9) - b / std::max(glm::length(b), 1e-9)) / (2 * reach);
      squares += glm::dot(change, change);
    }
    return std::sqrt(squares);
  }

  void wantedLengths() {
    wanted_.assign(std::size_t(mesh_.vertexCount()), 0.0);
    for (int v = 0; v < mesh_.vertexCount(); ++v)
      if (mesh_.alive(v))
        wanted(v) = scale_ * std::clamp(options_.fineness / std::max(curvature(mesh_.position(v)), 1e-9),
                                        options_.shortest, options_.longest);
    // Lengths may grow by a quarter of the distance from vertex to vertex.
    const auto edges = mesh_.edges();
    for (int pass = 0; pass < 6; ++pass)
      for (const auto& e : edges) {
        const double grown = 0.25 * glm::distance(mesh_.position(e.x), mesh_.position(e.y));
        wanted(e.x) = std::min(wanted(e.x), wanted(e.y) + grown);
        wanted(e.y) = std::min(wanted(e.y), wanted(e.x) + grown);
      }
  }
  double& wanted(int v) { return wanted_[std::size_t(v)]; }
  double wantedAt(const glm::ivec2& e) { return std::min(wanted(e.x), wanted(e.y)); }
  double length(const glm::ivec2& e) const { return glm::distance(mesh_.position(e.x), mesh_.position(e.y)); }
  Point middle(const glm::ivec2& e) const { return 0.5 * (mesh_.position(e.x) + mesh_.position(e.y)); }

  void splitLong() {
    for (int round = 0; round < 3; ++round)
      for (const auto& e : mesh_.edges())
        if (length(e) > 4.0 / 3.0 * wantedAt(e) && mesh_.split(e.x, e.y, project(middle(e))) >= 0)
          wanted_.push_back(0.5 * (wanted(e.x) + wanted(e.y)));
  }

  void collapseShort() {
    for (const auto& e : mesh_.edges())
      if (mesh_.alive(e.x) && mesh_.alive(e.y) && length(e) < 0.8 * wantedAt(e))
        mesh_.collapse(e.x, e.y, project(middle(e)), 4.0 / 3.0 * wantedAt(e));
  }

  // Each vertex goes towards the mean of its neighbours, weighted by nothing but their number, within the surface.
  void relax() {
    for (int v = 0; v < mesh_.vertexCount(); ++v) {
      if (!mesh_.alive(v)) continue;
      Point mean(0);
      const auto near = mesh_.neighbours(v);
      for (const int n : near) mean += mesh_.position(n);
      const Point normal = mesh_.vertexNormal(v);
      Point step = mean / double(near.size()) - mesh_.position(v);
      step -= glm::dot(step, normal) * normal;
      mesh_.move(v, project(mesh_.position(v) + 0.7 * step));
    }
  }

  EditMesh mesh_;
  const Solid& solid_;
  const RemeshOptions& options_;
  std::vector<double> wanted_;
  double scale_ = 1;
};

}  // namespace

MeshT<double> remesh(const MeshT<double>& rough, const Solid& solid, const RemeshOptions& options) {
  return Remesher(rough, solid, options).run();
}

}  // namespace penumbra::assets
