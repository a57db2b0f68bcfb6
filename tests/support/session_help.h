// What tests do with sessions, and ask of their events.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "optim/session/session.h"

namespace penumbra {

// Loads the model and lets the fit run to its end.
inline std::shared_ptr<const Snapshot> runWhole(Session& session, const FitOptions& options, const Mesh& model) {
  session.setOptions(options);
  session.loadModel(model, "model");
  session.start();
  session.waitIdle();
  return session.snapshot();
}

inline int count(const std::vector<Event>& events, EventKind kind) {
  return int(std::count_if(events.begin(), events.end(), [&](const Event& e) { return e.kind == kind; }));
}

// A line each, the text alone or with the advice.
inline std::string texts(const std::vector<Event>& events, EventKind kind) {
  std::string all;
  for (const Event& e : events)
    if (e.kind == kind) all += e.text + "\n";
  return all;
}
inline std::string texts(const std::vector<Event>& events) {
  std::string all;
  for (const Event& e : events) all += e.text + " " + e.advice + "\n";
  return all;
}

}  // namespace penumbra
