// The Vant components the pages use and their styles, each by itself: Vant's bundled style entries would pull in
// its icon font, which is fetched from outside.
// Not here: colours and sizes (theme.css). Used by parts and pages.

import "vant/es/style/base.css";
import "vant/es/loading/index.css";
import "vant/es/button/index.css";
import "vant/es/overlay/index.css";
import "vant/es/popup/index.css";
import "vant/es/sticky/index.css";
import "vant/es/swipe/index.css";
import "vant/es/swipe-item/index.css";
import "vant/es/tab/index.css";
import "vant/es/tabs/index.css";
import "vant/es/picker/index.css";
import "vant/es/picker-group/index.css";
import "vant/es/dialog/index.css";
import "vant/es/pull-refresh/index.css";
import "vant/es/list/index.css";
import "vant/es/switch/index.css";

import type { OverlayProps } from "vant";

/** The dark ground behind a popup closes it and is a button to screen readers: its name. */
export function overlayNamed(name: string): Partial<OverlayProps> {
  return { "aria-label": name } as Partial<OverlayProps>;
}

export {
  Button as VanButton,
  DatePicker as VanDatePicker,
  List as VanList,
  Loading as VanLoading,
  PickerGroup as VanPickerGroup,
  Popup as VanPopup,
  PullRefresh as VanPullRefresh,
  Switch as VanSwitch,
  TimePicker as VanTimePicker,
  closeDialog,
  showConfirmDialog,
} from "vant";
