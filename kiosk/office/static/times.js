// Times in UTC as the desk's clock shows them.

const two = (number) => String(number).padStart(2, "0");

/** Today's times as HH:MM:SS, others with their date. */
export function localTime(utc) {
  const moment = new Date(utc);
  if (Number.isNaN(moment.getTime())) {
    return utc;
  }
  const clock = [moment.getHours(), moment.getMinutes(), moment.getSeconds()].map(two).join(":");
  const today = moment.toDateString() === new Date().toDateString();
  return today ? clock : `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())} ${clock}`;
}

/** Show every time below an element in local time. */
export function showTimes(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    element.textContent = localTime(element.dateTime);
    element.title = element.dateTime;
  }
}

showTimes(document);
