//! Tasks.

use std::collections::HashMap;

use toml::Spanned;

use super::{Check, Uses};
use crate::scenario::blocking::ALL_TASKS;
use crate::scenario::error::ValueError;
use crate::scenario::file::{TaskTable, allowed};
use crate::scenario::limits;
use crate::scenario::model::{Speaks, Task};
use crate::scenario::program::Step;
use crate::trace::{Phrase, TaskId};

impl Check<'_> {
    pub(super) fn tasks(
        &mut self,
        list: &Spanned<Vec<Spanned<TaskTable>>>,
        uses: &Uses<'_>,
    ) -> Vec<Task> {
        self.length("tasks", list, limits::MAX_TASKS);
        let mut names = HashMap::new();
        let mut tasks = Vec::new();
        for (section, table) in list.get_ref().iter().enumerate() {
            let key = format!("tasks[{}]", section + 1);
            let steps = self.what_it_does(&key, table, uses);
            let after = self.after(&format!("{key}.after"), table, &tasks);
            let room = limits::MAX_TASKS - tasks.len();
            let count = self.count(&format!("{key}.count"), table, room);
            for number in 1..=count.unwrap_or(1) {
                let id = TaskId::from_index(tasks.len());
                let number = count.map(|_| number);
                tasks.push(Task {
                    id,
                    name: self.task_name(&key, id, number, table, &mut names),
                    section,
                    steps: steps.clone(),
                    after,
                });
            }
        }
        tasks
    }

    /// The steps, or the one download that `server` stands for.
    fn what_it_does(
        &mut self,
        key: &str,
        table: &Spanned<TaskTable>,
        uses: &Uses<'_>,
    ) -> Vec<Step> {
        match (&table.get_ref().server, &table.get_ref().steps) {
            (server, Some(steps)) => {
                if let Some(server) = server {
                    let message = Phrase::new("the steps say what it does: one of the two");
                    self.refuse(&server.span(), format!("{key}.server"), message);
                }
                self.steps(&format!("{key}.steps"), steps, uses)
            }
            (Some(server), None) => {
                let key = format!("{key}.server");
                if uses.has_service {
                    let message =
                        Phrase::new("the tasks are the clients of the service: give them `steps`");
                    self.refuse(&server.span(), key, message);
                    return Vec::new();
                }
                let server = self.server_of(&key, server, uses, Speaks::Drip);
                server.map(Step::download).into_iter().collect()
            }
            (None, None) => {
                let message = Phrase::new("missing: {server}; or `steps`, {steps}")
                    .with_words("server", allowed("tasks.server"))
                    .with_words("steps", allowed("tasks.steps"));
                self.refuse(&table.span(), format!("{key}.server"), message);
                Vec::new()
            }
        }
    }

    /// The task that has to end before, which stands before this one: so nobody waits for himself.
    fn after(&mut self, key: &str, table: &Spanned<TaskTable>, before: &[Task]) -> Option<TaskId> {
        let name = table.get_ref().after.as_ref()?;
        let found = before.iter().find(|task| task.name == *name.get_ref());
        if found.is_none() {
            let known = before.iter().map(|task| task.name.as_str());
            let error = ValueError::unknown(name.get_ref(), known);
            let message = Phrase::new("{error}, out of the tasks before it")
                .with_words("error", error.phrase());
            self.refuse(&name.span(), key, message);
        }
        found.map(|task| task.id)
    }

    /// How many tasks a section stands for, if it says so: no more than there is room for.
    fn count(&mut self, key: &str, table: &Spanned<TaskTable>, room: usize) -> Option<usize> {
        let value = table.get_ref().count.as_ref()?;
        let count = self.number(key, Some(value), &(1..=limits::MAX_TASKS))?;
        if count > room {
            let most = limits::MAX_TASKS;
            let message = Phrase::new("{count} more tasks are too many: at most {most} in all")
                .with("count", count)
                .with("most", most);
            self.refuse(&value.span(), key, message);
        }
        Some(count.min(room))
    }

    fn task_name(
        &mut self,
        key: &str,
        id: TaskId,
        number: Option<usize>,
        table: &Spanned<TaskTable>,
        names: &mut HashMap<String, String>,
    ) -> String {
        let key = format!("{key}.name");
        let (name, span) = match (&table.get_ref().name, number) {
            (Some(name), None) => (name.get_ref().clone(), name.span()),
            (Some(name), Some(number)) => (format!("{} {number}", name.get_ref()), name.span()),
            (None, _) => (format!("task {id}"), table.span()),
        };
        if name == ALL_TASKS || name.bytes().all(|byte| byte.is_ascii_digit()) && !name.is_empty() {
            let allowed = Phrase::new(
                "a name that is neither a number nor `{all}`, which choose tasks elsewhere",
            )
            .with("all", ALL_TASKS);
            self.refuse(&span, &key, ValueError::new(&name, allowed).phrase());
        }
        self.name(&key, &name, &span, names);
        name
    }
}
