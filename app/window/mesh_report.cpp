#include "app/window/mesh_report.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>

#include "app/window/plot_axes.h"
#include "optim/targets/metrics.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

constexpr int kNice = 15;  // below the fit

std::string counted(int count, const char* one, const char* many) {
  return shortNumber(count) + " " + (count == 1 ? one : many);
}

std::optional<MeshReport> examine(const Snapshot& s, const std::atomic<bool>& stop) try {
  setpriority(PRIO_PROCESS, id_t(gettid()), kNice);  // the pool's threads inherit it
  ThreadPool pool;
  pool.setStopFlag(&stop);
  const Mesh mesh{*s.positions, *s.faces};
  MeshReport report{s.positions, s.iteration, meshQuality(mesh, pool)};
  if (s.views && s.iteration > 0) report.mismatch = topologyMismatch(mesh, s.views->train, {}, pool);
  if (const double pixel = s.views ? pixelAtMiddle(s.views->train) : 0; pixel > 0) report.edgePixels = report.quality.edgeMean / pixel;
  return report;
} catch (const Interrupted&) {
  return std::nullopt;
} catch (const std::exception&) {  // no memory: the window shows no report
  return std::nullopt;
}

}  // namespace

std::string surfaceText(const MeshQuality& q) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (q.closed()) add("watertight");
  if (q.boundaryEdges > 0) add(counted(q.boundaryEdges, "open edge", "open edges"));
  if (q.nonManifoldEdges > 0) add(counted(q.nonManifoldEdges, "non-manifold edge", "non-manifold edges"));
  if (q.inconsistentEdges > 0) add(counted(q.inconsistentEdges, "edge wound both ways", "edges wound both ways"));
  add(counted(q.components, "part", "parts"));
  if (q.genus) add("genus " + std::to_string(*q.genus));
  return text;
}

std::string intersectionText(const MeshQuality& q) {
  if (q.selfIntersectingFaces == 0) return "no self-intersections";
  return counted(q.selfIntersectingFaces, "triangle runs through others", "triangles run through others");
}

MeshReporter::~MeshReporter() {
  stop_ = true;
  if (future_.valid()) future_.wait();
}

void MeshReporter::ask(std::shared_ptr<const Snapshot> snapshot) {
  if (!snapshot || !snapshot->positions || !snapshot->faces || snapshot->positions->empty()) return;
  if (examined_ && examined_->positions == snapshot->positions) return;
  if (working()) waiting_ = std::move(snapshot);
  else begin(std::move(snapshot));
}

void MeshReporter::begin(std::shared_ptr<const Snapshot> snapshot) {
  examined_ = snapshot;
  future_ = std::async(std::launch::async, [this, s = std::move(snapshot)] { return examine(*s, stop_); });
}

void MeshReporter::poll() {
  if (!working() || future_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
  if (auto report = future_.get()) newest_ = std::move(report);
  if (waiting_) ask(std::move(waiting_));
  waiting_.reset();
}

}  // namespace penumbra
