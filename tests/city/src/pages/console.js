const result = document.getElementById("result");
const buttons = document.querySelectorAll("button[data-channel]");
for (const button of buttons) {
  button.addEventListener("click", async () => {
    for (const each of buttons) each.disabled = true;
    result.textContent = "正在推送…";
    try {
      const answer = await fetch("/admin/push", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ channel: button.dataset.channel, count: 1, fresh: true }),
      });
      if (!answer.ok) throw new Error(String(answer.status));
      location.reload();
    } catch (error) {
      result.textContent = `推送失败：${error.message}`;
      for (const each of buttons) each.disabled = false;
    }
  });
}
setInterval(() => {
  if (![...buttons].some((button) => button.disabled)) location.reload();
}, 10000);
