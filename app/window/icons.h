// Glyphs of the Material Icons font by name (https://fonts.google.com/icons, classic code points).
#pragma once

namespace penumbra::icon {

constexpr const char kOpen[] = "\ue2c8", kFolder[] = "\ue2c7", kFile[] = "\ue24d", kExport[] = "\ue2c4", kModel[] = "\ue84d";
constexpr const char kPlay[] = "\ue037", kPause[] = "\ue034", kStep[] = "\ue044", kReset[] = "\ue042";
constexpr const char kUndo[] = "\ue166", kRedo[] = "\ue15a", kHistory[] = "\ue889", kSettings[] = "\ue8b8";
constexpr const char kHelp[] = "\ue8fd", kInfo[] = "\ue88e", kWarning[] = "\ue002", kError[] = "\ue000", kDone[] = "\ue86c";
constexpr const char kClose[] = "\ue5cd", kBack[] = "\ue5c4", kUp[] = "\ue5d8", kRefresh[] = "\ue5d5", kSearch[] = "\ue8b6";
constexpr const char kWire[] = "\ue3ec", kGhost[] = "\ue91c", kCamera[] = "\ue04b", kGrid[] = "\ue8f0", kClay[] = "\ue3fa";
constexpr const char kNormals[] = "\ue40a", kHeat[] = "\ue80e", kFrame[] = "\ue3b4", kHome[] = "\ue88a", kOrtho[] = "\ue3c1";
constexpr const char kPrevious[] = "\ue5cb", kNext[] = "\ue5cc", kExpand[] = "\ue5cf", kFold[] = "\ue5ce", kEye[] = "\ue417", kCopy[] = "\ue14d";
constexpr const char kImages[] = "\ue3b6", kComputer[] = "\ue30a", kStar[] = "\ue838", kClock[] = "\ue8b5", kMouse[] = "\ue323";

}  // namespace penumbra::icon
